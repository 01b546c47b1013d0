"""The line of an error that says what is wrong, from messages as TensorFlow and Keras really write them."""

import pytest

from aic_helpers.core.error_reasons import MAX_REASON, named_reason, reason

OF_A_GRAPH = """Graph execution error:

Detected at node Slice defined at (most recent call last):
  File "net.py", line 3, in network

Expected size[1] in [0, 12], but got 99
\t [[{{node Slice}}]]
Hint: add report_tensor_allocations."""

OF_A_LAYER = """Exception encountered when calling Conv2D.call().

\x1b[1mNegative dimension size caused by subtracting 3 from 1.\x1b[0m

Arguments received by Conv2D.call():
  • inputs=tf.Tensor(shape=(1, 1, 1, 3), dtype=float32)"""

OF_A_KERAS_TENSOR = """A KerasTensor cannot be used as input to a TensorFlow function. You are likely doing this:

```
x = Input(...)
tf_fn(x)  # Invalid.
```

What you should do instead is wrap `tf_fn` in a layer:

```
class MyLayer(Layer):
    def call(self, x):
        return tf_fn(x)
```
"""

OF_A_CONSTANT = """Invalid TensorProto: dtype: DT_FLOAT
tensor_shape {
  dim {
    size: 40000
  }
}
float_val: 0
}"""

OF_A_CONFIGURATION = f"""Could not locate class 'Mine'. Make sure custom classes are decorated.

Full object config: {{'module': None, 'config': {{'name': '{"x" * 900}'}}}}"""

OF_A_SIGNATURE = """Could not find matching concrete function to call loaded from the SavedModel. Got:
  Positional arguments (1 total):
    * Tensor("images:0", shape=(None, None, None, 3), dtype=float32)
  Keyword arguments: {}

 Expected these arguments to match one of the following 1 option(s):

Option 1:
  Positional arguments (1 total):
    * TensorSpec(shape=(None, None, None, 3), dtype=tf.uint8, name='images')
  Keyword arguments: {}"""

OF_AUTOGRAPH = """in user code:

    File "net.py", line 4, in network  *
        return images.nothing

    AttributeError: 'SymbolicTensor' object has no attribute 'nothing'
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (OF_A_GRAPH, "Expected size[1] in [0, 12], but got 99"),
        (OF_A_LAYER, "Conv2D: Negative dimension size caused by subtracting 3 from 1."),
        (OF_A_KERAS_TENSOR, "A KerasTensor cannot be used as input to a TensorFlow function."),
        (OF_A_CONSTANT, "Invalid TensorProto: dtype: DT_FLOAT"),
        (OF_A_CONFIGURATION, "Could not locate class 'Mine'. Make sure custom classes are decorated."),
        (OF_A_SIGNATURE, "Could not find matching concrete function to call loaded from the SavedModel."),
        (OF_AUTOGRAPH, "AttributeError: 'SymbolicTensor' object has no attribute 'nothing'"),
        ("first\nlast words", "last words"),
        ("no such layer\n}\n``\n", "no such layer"),
        ("reason: bad", "reason: bad"),
        ("3", "3"),
        ("", "ValueError"),
        ("}", "ValueError"),
        ("\t [[{{node Slice}}]]", "ValueError"),
        ("``", "ValueError"),
    ],
)
def test_the_line_that_has_words(text, expected):
    assert reason(ValueError(text)) == expected


def test_the_type_stands_before_the_reason_and_not_twice():
    assert named_reason(RuntimeError("too bright")) == "RuntimeError: too bright"
    assert named_reason(RuntimeError()) == "RuntimeError"


def test_a_long_line_keeps_both_ends_and_a_configuration_goes():
    found = reason(ValueError(f"begins {'x' * 900} ends"))
    assert len(found) <= MAX_REASON
    assert found.startswith("begins xxx")
    assert found.endswith("xxx ends")
    assert reason(ValueError(f"no layer of {{'name': '{'x' * 200}'}} here")) == "no layer of {...} here"
