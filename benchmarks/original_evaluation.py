"""The original challenge's conversion and PSNR/SSIM step on Track B, rebuilt from its description as a reference.

One process: it builds SRCNN in TensorFlow 1's way, restores the checkpoint, freezes it, loads the frozen file and runs
the pairs one by one; PSNR by TensorFlow, MS-SSIM by the original's NumPy algorithm.

    python benchmarks/original_evaluation.py CHECKPOINT INPUTS TARGETS
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from original_metrics import pooled
from PIL import Image

v1 = tf.compat.v1


def srcnn(images: Any) -> Any:
    with v1.variable_scope("generator"):
        features = images
        for number, (size, inputs, outputs) in enumerate(((9, 3, 64), (5, 64, 32), (5, 32, 3)), 1):
            kernel = v1.get_variable(f"w{number}", (size, size, inputs, outputs))
            bias = v1.get_variable(f"b{number}", (outputs if number < 3 else 1,))
            features = tf.nn.conv2d(features, kernel, 1, "SAME") + bias
            features = tf.nn.relu(features) if number < 3 else features
    return tf.tanh(features) * 0.58 + 0.5


def freeze(checkpoint: str, out: Path) -> None:
    with tf.Graph().as_default() as graph, v1.Session() as session:
        tf.identity(srcnn(v1.placeholder(tf.float32, (1, None, None, 3), name="input")), name="output")
        v1.train.Saver().restore(session, checkpoint)
        frozen = v1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["output"])
    out.write_bytes(frozen.SerializeToString())


def evaluate(frozen: Path, inputs: Path, targets: Path) -> tuple[float, float]:
    definition = v1.GraphDef.FromString(frozen.read_bytes())
    with tf.Graph().as_default(), v1.Session() as session:
        source, output = tf.import_graph_def(definition, return_elements=["input:0", "output:0"], name="")
        target = v1.placeholder(tf.float32, (1, None, None, 3))
        psnr = tf.image.psnr(tf.clip_by_value(output, 0, 1), target, 1.0)
        rows = []
        for path in sorted(inputs.iterdir()):
            pair = [np.asarray(Image.open(folder / path.name))[None] / np.float32(255) for folder in (inputs, targets)]
            psnr_db, found = session.run([psnr, output], {source: pair[0], target: pair[1]})
            rows.append((psnr_db[0], pooled(pair[1][0], found[0])))
    return tuple(np.mean(rows, axis=0))


if __name__ == "__main__":
    v1.disable_eager_execution()
    with tempfile.TemporaryDirectory() as folder:
        freeze(sys.argv[1], Path(folder) / "model.pb")
        print(*evaluate(Path(folder) / "model.pb", Path(sys.argv[2]), Path(sys.argv[3])))
