#!/usr/bin/env python3
"""Opens what CleanSplit exported with the libraries that people use.

    node --import tsx test/support/export-samples.mts FOLDER
    python3 test/support/check_exports.py FOLDER

Needs numpy, keras with a back end, scikit-learn, onnx, onnxruntime, nbformat, nbclient and ipykernel; pandas if it is there.
Models have to be valid and to predict what the definitions of their layers give, by the code in their own model cards; the
notebooks have to be valid, to choose the same samples in the same order, and, run as they are, to score what CleanSplit scored.
Exit code 0 when everything is right, 1 otherwise.
"""
import contextlib
import csv
import io
import json
import os
import re
import sys

import nbclient
import nbformat
import numpy as np
import onnx

# Largest difference of a probability, and of an accuracy of softmax regression.
PROBABILITY = 1e-5
ACCURACY = 0.002

failures = []


def check(is_right, what):
    print("ok   " if is_right else "WRONG", what)
    if not is_right:
        failures.append(what)


def check_models(folder):
    with open(os.path.join(folder, "expected.json"), encoding="utf-8") as file:
        expected = json.load(file)
    pixels = np.array(expected["pixels"], np.uint8).reshape(expected["shape"])
    for model, wanted in expected["models"].items():
        for form in ["onnx", "npz"]:
            place = os.path.join(folder, f"{model}-{form}")
            if form == "onnx":
                onnx.checker.check_model(os.path.join(place, "model.onnx"), full_check=True)
            probabilities = by_its_card(place, pixels)
            difference = float(np.abs(probabilities - np.array(wanted)).max())
            check(difference < PROBABILITY, f"{model}-{form}: probabilities differ by {difference:.1e}")


def by_its_card(place, pixels):
    """Probabilities by the code that a model card gives."""
    with open(os.path.join(place, "MODEL_CARD.md"), encoding="utf-8") as file:
        code = re.search("```python\n(.*?)```", file.read(), re.DOTALL).group(1)
    names = {"pixels": pixels}
    with contextlib.chdir(place), contextlib.redirect_stdout(io.StringIO()):
        exec(code, names)
    if "probabilities" in names:
        return names["probabilities"]
    powers = np.exp(names["logits"] - names["logits"].max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def check_tables(folder):
    for name in ["runs.csv", "runs-costs.csv"]:
        with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, strict=True))
        check(len({len(row) for row in rows}) == 1, f"{name}: {len(rows)} rows of {len(rows[0])} cells")
    try:
        import pandas
    except ImportError:
        return
    table = pandas.read_csv(os.path.join(folder, "runs.csv"))
    check(table["accuracy"].dtype == float, f"runs.csv: accuracy is a {table['accuracy'].dtype} in pandas")


def check_notebook(folder, name):
    path = os.path.join(folder, name)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    check(True, f"{name}: valid by nbformat {nbformat.__version__}")
    check_choices(folder, notebook, name)
    report = nbformat.v4.new_code_cell(
        "loss = {}\n"
        "for run, result in zip(RUNS, results):\n"
        "    for name, before in zip(SETS, run.loss):\n"
        "        if before is not None:\n"
        "            loss[run.model] = max(loss.get(run.model, 0), abs(result[name][1] - before))\n"
        "print(json.dumps([largest, loss]))"
    )
    notebook.cells.append(report)
    nbclient.NotebookClient(notebook, timeout=1200, resources={"metadata": {"path": folder}}).execute()
    nbformat.write(notebook, path.replace(".ipynb", ".run.ipynb"))
    accuracy, loss = json.loads(report.outputs[-1].text)
    # The sample experiment trained no other models: it says of them what softmax regression scored.
    for model in ["softmax", "softmax-l2"]:
        says = f"{name}: {model} differs by {accuracy[model]:.4f} in accuracy and {loss[model]:.1e} in loss"
        check(accuracy[model] <= ACCURACY, says)


def check_choices(folder, notebook, name):
    """The cells that choose samples, against what the program chose."""
    with np.load(os.path.join(folder, name.replace(".ipynb", ".npz"))) as arrays:
        names = {"np": np, "labels": arrays["labels"], "classes": json.loads(arrays["classes"].tobytes())}
        train = np.flatnonzero((arrays["labels"] >= 0) & (arrays["split"] == 0))
    for cell in notebook.cells:
        if cell.id in ["random", "choice"]:
            exec(cell.source, names)
    with open(os.path.join(folder, "choices.json"), encoding="utf-8") as file:
        choices = json.load(file)
    same = 0
    for choice in choices:
        rows = names["subset"](train, choice["size"], choice["seed"])
        second = list(names["orders"](rows, choice["seed"], 2))[1]
        same += rows.tolist() == choice["rows"] and second.tolist() == choice["second"]
    check(same == len(choices), f"{name}: {same} of {len(choices)} choices and orders of samples are the same")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    check_models(sys.argv[1])
    check_tables(sys.argv[1])
    for each in ["keras.ipynb", "sklearn.ipynb"]:
        check_notebook(sys.argv[1], each)
    print(f"{len(failures)} wrong" if failures else "All right.")
    sys.exit(1 if failures else 0)
