"""ONNX's operators that a stranger's file may hold: those that make tensors of tensors, and nothing else. No logic.

What isn't here is refused: graphs inside operators (loops, branches, scans), functions, sequences, optional values and
texts, chance (``Dropout`` too, which may be told to train), recurrent layers and whatever keeps a state, losses,
decoders of files, and whatever ONNX will get next.

``ConstantOfShape``, ``Expand``, ``Pad``, ``Range``, ``Resize`` and ``Tile`` make much of little. Networks need them
where they compute sizes. How much they may make is bounded by the memory of the process that runs them.
"""

from __future__ import annotations

GROUPS: dict[str, str] = {
    "arithmetic": """
        Abs Acos Acosh Add Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast CastLike Ceil
        Clip Cos Cosh CumProd CumSum Div Erf Exp Floor Log Max Mean Min Mod Mul Neg Pow Reciprocal Round Sign Sin Sinh
        Sqrt Sub Sum Tan Tanh""",
    "comparisons": "And Equal Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Not Or Where Xor",
    "sums and sorts": """
        ArgMax ArgMin Einsum Gemm MatMul ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin
        ReduceProd ReduceSum ReduceSumSquare TopK""",
    "shapes and places": """
        CenterCropPad Compress Concat Constant ConstantOfShape DepthToSpace Expand EyeLike Flatten Gather GatherElements
        GatherND Identity NonZero OneHot Pad Range Reshape ReverseSequence ScatterElements ScatterND Shape Size Slice
        SpaceToDepth Split Squeeze Tile Transpose Trilu Unsqueeze""",
    "layers": """
        Attention AveragePool BatchNormalization Col2Im Conv ConvTranspose DeformConv GlobalAveragePool GlobalMaxPool
        GroupNormalization InstanceNormalization LayerNormalization LpNormalization LpPool LRN MaxPool
        MeanVarianceNormalization RMSNormalization""",
    "activations": """
        Celu Elu Gelu HardSigmoid HardSwish Hardmax LeakyRelu LogSoftmax Mish PRelu Relu Selu Shrink Sigmoid Softmax
        Softplus Softsign Swish ThresholdedRelu""",
    "images": "AffineGrid GridSample Resize Upsample",
    "frequencies": "DFT",
    "whole numbers in place of floats": """
        ConvInteger DequantizeLinear DynamicQuantizeLinear MatMulInteger QLinearConv QLinearMatMul QuantizeLinear""",
}

ALLOWED = frozenset(name for group in GROUPS.values() for name in group.split())
