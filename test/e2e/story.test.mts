import { tellStory } from "./story.mjs";

tellStory("dark");
tellStory("light");
