"""Runs one Python tool on a folder of images: hashing.py TOOL FOLDER WORKERS WORK. WORKERS 0 is the tool's default.

Prints how many images the tool has hashed. With - as FOLDER it reads folders from its standard input, and prints for each
what the tool's call alone has taken.
"""

import json
import re
import resource
import sys
import time
import types


def imagededup(folder, workers, _work):
    # Its CNN method imports PyTorch. Hashing does not need it, and is faster and smaller without.
    for name, what in (("methods.cnn", "CNN"), ("utils.models", "CustomModel")):
        module = types.ModuleType(f"imagededup.{name}")
        setattr(module, what, None)
        sys.modules[module.__name__] = module
    from imagededup.methods import PHash

    options = {"num_enc_workers": workers} if workers else {}
    return len(PHash(verbose=False).encode_images(folder, recursive=True, **options))


def cleanvision(folder, workers, _work):
    from cleanvision import Imagelab

    lab = Imagelab(data_path=folder)
    lab.find_issues({"exact_duplicates": {}, "near_duplicates": {}}, n_jobs=workers or None, verbose=False)
    return len(lab.issues)


def fastdup(folder, workers, work):
    import fastdup as tool

    task = tool.create(input_dir=folder, work_dir=work)
    task.run(overwrite=True, verbose=False, num_threads=workers or -1)
    return int(re.search(r"contains (\d+) images", task.summary(verbose=False)[0])[1])


TOOLS = {"imagededup": imagededup, "cleanvision": cleanvision, "fastdup": fastdup}


def cpu_seconds():
    """CPU time of this process, and of its workers once they have ended."""
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def answer_folders(call):
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), cpu_seconds()
        hashed = call(line.rstrip("\n"))
        took = {"hashed": hashed, "wall": time.perf_counter() - wall, "cpu": cpu_seconds() - cpu}
        print("took", json.dumps(took), flush=True)


if __name__ == "__main__":
    name, folder, workers, work = sys.argv[1:]
    if folder == "-":
        answer_folders(lambda folder: TOOLS[name](folder, int(workers), work))
    else:
        print("hashed", TOOLS[name](folder, int(workers), work))
