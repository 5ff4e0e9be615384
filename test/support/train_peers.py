"""Repeats an experiment with PyTorch and scikit-learn on the pixels that CleanSplit trained on.

    cleansplit train DATASET --json experiment.json --notebook train.ipynb
    python3 test/support/train_peers.py train.npz experiment.json

The recipe is that of the experiment: softmax regression, zero weights, SGD, batches, epochs. Choice and order of samples are
PyTorch's own, so single runs differ; what is compared is the mean over seeds.
"""

import json
import sys

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

SEEDS = range(10)


def load(path):
    data = np.load(path, allow_pickle=False)
    images = data["images"].reshape(len(data["images"]), -1)
    pixels = (images.astype(np.float32) - 127.5) / 255
    return data, pixels, data["labels"].astype(np.int64)


def balanced(labels, rows, size, generator):
    """`size` of the rows, equally many of every class."""
    if size >= len(rows):
        return rows
    chosen = []
    classes = np.unique(labels[rows])
    for index, name in enumerate(generator.permutation(classes)):
        count = size // len(classes) + (index < size % len(classes))
        own = rows[labels[rows] == name]
        chosen.append(generator.permutation(own)[:count])
    return np.concatenate(chosen)


def softmax(pixels, labels, rows, classes, recipe, seed):
    generator = torch.Generator().manual_seed(seed)
    model = torch.nn.Linear(pixels.shape[1], classes)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=recipe["learningRate"])
    x, y = torch.from_numpy(pixels[rows]), torch.from_numpy(labels[rows])
    for _ in range(recipe["epochs"]):
        for batch in torch.randperm(len(rows), generator=generator).split(recipe["batchSize"]):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    with torch.no_grad():
        return model(torch.from_numpy(pixels)).argmax(1).numpy()


def main():
    data, pixels, labels = load(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as file:
        experiment = json.load(file)
    spec = experiment["spec"]
    recipe = {
        "epochs": spec["epochs"] or 20,
        "batchSize": spec["batchSize"] or 128,
        "learningRate": spec["learningRate"] or 0.01,
    }
    classes = len(experiment["classes"])
    # The numbers of ROLE_CODES in src/engine/training/trainerJob.ts.
    role = np.array(["train", "validation", "test", "other"])[data["split"]]
    stays, leaked = data["stays"] == 1, data["leaked"] == 1
    test = role == "test"
    sets = {"original": test, "clean": test & ~leaked, "leaked": test & leaked, "sanitized": test & stays}
    torch.set_num_threads(1)

    def ours(kind, size, name):
        runs = [r["result"] for r in experiment["runs"] if r["result"] is not None]
        own = [r["scores"][name] for r in runs if (r["data"], r["size"], r["model"]) == (kind, size, "softmax")]
        return [score["accuracy"] for score in own if score is not None]

    def text(values):
        return f"{np.mean(values):.4f} ({np.min(values):.4f} to {np.max(values):.4f})" if values else "-"

    print("data       size   test set     CleanSplit                   PyTorch")
    for size in spec["sizes"]:
        for kind in spec["data"]:
            rows = np.flatnonzero((role == "train") & (stays | (kind == "original")))
            scores = {name: [] for name in sets}
            for seed in SEEDS if size != "all" else list(SEEDS)[:5]:
                chosen = balanced(labels, rows, len(rows) if size == "all" else size, np.random.default_rng(seed))
                predicted = softmax(pixels, labels, chosen, classes, recipe, seed)
                for name, mask in sets.items():
                    if mask.any():
                        scores[name].append(float(np.mean(predicted[mask] == labels[mask])))
            for name in sets:
                print(f"{kind:10} {size!s:6} {name:12} {text(ours(kind, size, name)):28} {text(scores[name])}")

    print("\nLogisticRegression of scikit-learn, all original training images")
    rows = np.flatnonzero(role == "train")
    for c in (1, 0.01):
        model = LogisticRegression(C=c, max_iter=200).fit(pixels[rows], labels[rows])
        line = [f"{name} {model.score(pixels[mask], labels[mask]):.4f}" for name, mask in sets.items() if mask.any()]
        validation = role == "validation"
        if validation.any():
            line.append(f"validation {model.score(pixels[validation], labels[validation]):.4f}")
        print(f"C={c}: " + ", ".join(line))


main()
