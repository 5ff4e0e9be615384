"""One contestant of train.mjs that runs in Python: softmax regression by PyTorch, scikit-learn or Keras.

train.py NAME FOLDER loads the data, says "ready", and then answers each line: "epoch" trains one epoch and says what it took,
anything else says which share of the first 2000 rows it gets right.
"""

import json
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import numpy as np

CLASSES, BATCH, RATE, CHECKED = 10, 128, 0.01, 2000


def torch_loop(pixels, labels):
    """The plain loop, on one thread: batches by index from a tensor of bytes, which are converted there."""
    import torch

    torch.set_num_threads(1)
    x, y = torch.from_numpy(pixels), torch.from_numpy(labels)
    model = torch.nn.Linear(pixels.shape[1], CLASSES)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)

    def convert(rows):
        return (x[rows].float() - 127.5) / 255

    def epoch():
        order = torch.randperm(len(x))
        for start in range(0, len(x), BATCH):
            rows = order[start : start + BATCH]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(convert(rows)), y[rows]).backward()
            optimizer.step()

    def predict():
        with torch.no_grad():
            return model(convert(torch.arange(CHECKED))).argmax(1).numpy()

    return epoch, predict, torch.__version__


def sklearn_sgd(pixels, labels):
    """SGDClassifier, epoch by epoch; it trains one model a class, sample by sample."""
    import sklearn
    from sklearn.linear_model import SGDClassifier

    x = scaled(pixels)
    model = SGDClassifier(loss="log_loss")
    classes = np.arange(CLASSES)
    return (
        lambda: model.partial_fit(x, labels, classes=classes),
        lambda: model.predict(x[:CHECKED]),
        sklearn.__version__,
    )


def keras_fit(pixels, labels):
    """Dense(10) with softmax, SGD and accuracy, by `fit`, as the course does it; TensorFlow with the threads it chooses."""
    import keras

    x = scaled(pixels)
    model = keras.Sequential([keras.Input((x.shape[1],)), keras.layers.Dense(CLASSES, activation="softmax")])
    model.compile(keras.optimizers.SGD(RATE), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return (
        lambda: model.fit(x, labels, batch_size=BATCH, verbose=0),
        lambda: model.predict(x[:CHECKED], verbose=0).argmax(1),
        keras.__version__,
    )


def scaled(pixels):
    """All pixels as 32-bit floats, which these libraries want; not timed."""
    x = pixels.astype(np.float32)
    x -= 127.5
    x /= 255
    return x


def main():
    name, folder = sys.argv[1:]
    labels = np.fromfile(os.path.join(folder, "labels.bin"), np.uint8).astype(np.int64)
    pixels = np.fromfile(os.path.join(folder, "pixels.bin"), np.uint8).reshape(len(labels), -1)
    make = {"torch": torch_loop, "sklearn": sklearn_sgd, "keras": keras_fit}[name]
    epoch, predict, version = make(pixels, labels)
    print("ready", version, flush=True)
    for line in sys.stdin:
        if line.strip() == "epoch":
            wall, cpu = time.perf_counter(), time.process_time()
            epoch()
            answer = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        else:
            answer = {"accuracy": float((predict() == labels[:CHECKED]).mean())}
        print(json.dumps(answer), flush=True)


main()
