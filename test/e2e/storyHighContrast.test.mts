import { tellStory } from "./story.mjs";

tellStory("hc-dark");
tellStory("hc-light");
