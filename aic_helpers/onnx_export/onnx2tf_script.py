"""Has onnx2tf write an `.onnx` file as a SavedModel; run as a file by a person's interpreter, which has onnx2tf.

    PYTHON onnx2tf_script.py REQUEST.json

The request has ``model``, ``out`` (a folder), ``input`` (its name) and ``channels_last``.
"""

import json
import sys


def main():  # type: ignore[no-untyped-def]  # in Python 3.8 too
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123
        asked = json.load(file)
    import onnx2tf  # type: ignore[import-not-found]

    # Else it takes any image for one with the channels first.
    kept = {"keep_shape_absolutely_input_names": [asked["input"]]} if asked["channels_last"] else {}
    onnx2tf.convert(
        input_onnx_file_path=asked["model"],
        output_folder_path=asked["out"],
        output_signaturedefs=True,
        not_use_onnxsim=True,
        verbosity="error",
        **kept,
    )


if __name__ == "__main__":
    main()
