"""Runs one Python tool on a folder of images: hashing.py TOOL FOLDER WORKERS WORK. WORKERS 0 is the tool's default.

Prints how many images the tool has hashed.
"""

import re
import sys
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

if __name__ == "__main__":
    name, folder, workers, work = sys.argv[1:]
    print("hashed", TOOLS[name](folder, int(workers), work))
