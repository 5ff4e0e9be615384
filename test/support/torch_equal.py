#!/usr/bin/env python3
"""Takes the steps in PyTorch that CleanSplit took in training, and says how far they are apart.

    python3 test/support/torch_equal.py FOLDER

FOLDER is made by test/bench/train-equal.mjs: job.json (shape of the pictures, batches of row numbers, and models with
their recipe, the names and shapes of their parameters, and the loss before each step), pixels.u8, labels.i32, and
MODEL.f32 with all parameters of a model before the first step and after each one. The gradients are PyTorch's own.
Prints as JSON for each model:

loss       largest relative difference of the loss before a step, where PyTorch has the same parameters
step       how far the parameters after a step are from where PyTorch goes from the same ones, relative to the length
           of that step: the block of parameters that is farthest apart, of the median step
worst      the same of the worst step
course     largest relative difference of the loss before a step, where PyTorch goes its own way from the start
"""
import json
import pathlib
import statistics
import sys

import numpy as np
import torch
import torch.nn.functional as F


def logits(parameters, pixels):
    """What a model says of pixels, samples x height x width x channels; the names say which layers it has."""
    x = (pixels.float() - 127.5) / 255
    for name in ("conv1", "conv2"):
        if f"{name}/kernel" in parameters:
            # Keras: height x width x in x out, channels last.
            kernel = parameters[f"{name}/kernel"].permute(3, 2, 0, 1)
            x = F.conv2d(x.permute(0, 3, 1, 2), kernel, parameters[f"{name}/bias"], padding="same")
            x = F.max_pool2d(F.relu(x), 2).permute(0, 2, 3, 1)
    x = x.reshape(len(x), -1)
    layers = [name for name in ("dense", "dense1", "dense2") if f"{name}/kernel" in parameters]
    for name in layers:
        x = x @ parameters[f"{name}/kernel"] + parameters[f"{name}/bias"]
        if name != layers[-1]:
            x = F.relu(x)
    return x


class Model:
    """A model in PyTorch, with the parameters that are given, one after the other."""

    def __init__(self, described, values):
        self.parameters, at = {}, 0
        for one in described["parameters"]:
            count = int(np.prod(one["shape"]))
            block = values[at : at + count].reshape(one["shape"])
            self.parameters[one["name"]] = torch.tensor(block, requires_grad=True)
            at += count
        assert at == len(values), f"{described['name']} has {len(values)} parameters and should have {at}"
        recipe = described["recipe"]
        kernels = [p for name, p in self.parameters.items() if name.endswith("kernel")]
        biases = [p for name, p in self.parameters.items() if name.endswith("bias")]
        groups = [{"params": kernels, "weight_decay": recipe["l2"]}, {"params": biases, "weight_decay": 0}]
        self.optimizer = torch.optim.SGD(groups, lr=recipe["learningRate"])

    def step(self, pixels, labels):
        """The loss before the step."""
        loss = F.cross_entropy(logits(self.parameters, pixels), labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def blocks(self):
        return [p.detach().numpy().ravel().astype("f8") for p in self.parameters.values()]


def split(described, values):
    ends = np.cumsum([int(np.prod(one["shape"])) for one in described["parameters"]])
    return np.split(values.astype("f8"), ends[:-1])


def apart(described, before, after, went):
    """Of the block that is farthest from where PyTorch went, relative to how far that is from where it was."""
    blocks = zip(split(described, before), split(described, after), went.blocks())
    return max(np.linalg.norm(b - c) / np.linalg.norm(a - c) for a, b, c in blocks)


def compare(folder, described, batches, pixels, labels):
    states = np.fromfile(folder / f"{described['name']}.f32", dtype="<f4").reshape(len(batches) + 1, -1)
    course = Model(described, states[0])
    losses, ways, courses = [], [], []
    for i, batch in enumerate(batches):
        rows = torch.tensor(batch)
        ours = described["losses"][i]
        alone = Model(described, states[i])
        losses.append(abs(ours / alone.step(pixels[rows], labels[rows]) - 1))
        ways.append(apart(described, states[i], states[i + 1], alone))
        courses.append(abs(ours / course.step(pixels[rows], labels[rows]) - 1))
    return {"loss": max(losses), "step": statistics.median(ways), "worst": max(ways), "course": max(courses)}


def main():
    folder = pathlib.Path(sys.argv[1])
    job = json.loads((folder / "job.json").read_text())
    shape = (-1, job["height"], job["width"], job["channels"])
    pixels = torch.from_numpy(np.fromfile(folder / "pixels.u8", dtype="u1").reshape(shape))
    labels = torch.from_numpy(np.fromfile(folder / "labels.i32", dtype="<i4").astype("i8"))
    models = {one["name"]: compare(folder, one, job["batches"], pixels, labels) for one in job["models"]}
    print(json.dumps({"version": torch.__version__, "models": models}))


if __name__ == "__main__":
    main()
