"""The operations that a stranger's graph may hold: those that make tensors of tensors, and nothing else. No logic.

What isn't here is refused: files, network, print, Python, datasets, queues, summaries, lookup tables, checkpoints,
variables, remote calls, custom operations, and whatever TensorFlow will get next.
"""

from __future__ import annotations

GROUPS: dict[str, str] = {
    "the graph itself": """
        Assert BroadcastArgs BroadcastGradientArgs CheckNumerics Const EnsureShape GuaranteeConst Identity IdentityN
        NoOp Placeholder PreventGradient Rank Shape ShapeN Size Snapshot StopGradient""",
    "control flow": """
        Case ControlTrigger Enter Exit If LoopCond Merge NextIteration PartitionedCall StatefulPartitionedCall
        StatelessCase StatelessIf StatelessWhile Switch While""",
    "lists of tensors in memory": """
        EmptyTensorList TensorArrayCloseV3 TensorArrayConcatV3 TensorArrayGatherV3 TensorArrayReadV3
        TensorArrayScatterV3 TensorArraySizeV3 TensorArraySplitV3 TensorArrayV3 TensorArrayWriteV3 TensorListConcat
        TensorListConcatV2 TensorListElementShape TensorListFromTensor TensorListGather TensorListGetItem
        TensorListLength TensorListPopBack TensorListPushBack TensorListReserve TensorListResize TensorListScatter
        TensorListScatterV2 TensorListSetItem TensorListSplit TensorListStack""",
    "arithmetic": """
        Abs AccumulateNV2 Acos Acosh Add AddN AddV2 Angle Asin Asinh Atan Atan2 Atanh Bitcast BitwiseAnd BitwiseOr
        BitwiseXor Cast Ceil ClipByValue Complex ComplexAbs Conj Cos Cosh Digamma Div DivNoNan Erf Erfc Erfinv Exp
        Expm1 Floor FloorDiv FloorMod Imag Inv Invert IsFinite IsInf IsNan LeftShift Lgamma Log Log1p Maximum Minimum
        Mod Mul MulNoNan Ndtri Neg NextAfter Pow Real RealDiv Reciprocal RightShift Rint Round Rsqrt Sigmoid Sign Sin
        Sinh Sqrt Square SquaredDifference Sub Tan Tanh TruncateDiv TruncateMod Xdivy Xlog1py Xlogy""",
    "comparisons": """
        All Any ApproximateEqual Equal Greater GreaterEqual Less LessEqual LogicalAnd LogicalNot LogicalOr NotEqual
        Select SelectV2 Where""",
    "sums and sorts": """
        ArgMax ArgMin BatchMatMul BatchMatMulV2 BatchMatMulV3 Bincount Bucketize Cross Cumprod Cumsum
        CumulativeLogsumexp Einsum EuclideanNorm L2Loss MatMul Max Mean Min Prod SegmentMax SegmentMean SegmentMin
        SegmentProd SegmentSum SparseToDense Sum TopK TopKV2 Unique UniqueV2 UnsortedSegmentMax UnsortedSegmentMin
        UnsortedSegmentProd UnsortedSegmentSum""",
    "shapes and places": """
        BatchToSpace BatchToSpaceND BroadcastTo Concat ConcatOffset ConcatV2 DepthToSpace DynamicPartition
        DynamicStitch ExpandDims Fill Gather GatherNd GatherV2 InvertPermutation LinSpace MatrixBandPart MatrixDiag
        MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3 MatrixSetDiag MatrixSetDiagV2
        MatrixSetDiagV3 MirrorPad OneHot OnesLike Pack Pad PadV2 ParallelConcat
        ParallelDynamicStitch Range Reshape Reverse ReverseSequence ReverseV2 Roll ScatterNd
        ScatterNdNonAliasingAdd Slice SpaceToBatch SpaceToBatchND SpaceToDepth Split SplitV Squeeze StridedSlice
        TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub TensorScatterUpdate Tile Transpose
        UnravelIndex Unpack ZerosLike""",
    "layers": """
        AvgPool AvgPool3D BiasAdd BiasAddV1 Conv2D Conv2DBackpropFilter Conv2DBackpropInput Conv3D
        Conv3DBackpropInputV2 DepthwiseConv2dNative DepthwiseConv2dNativeBackpropInput Dilation2D Elu
        ExtractImagePatches FractionalAvgPool FractionalMaxPool FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3
        FusedPadConv2D FusedResizeAndPadConv2D LRN LeakyRelu LogSoftmax MaxPool MaxPool3D MaxPoolV2
        MaxPoolWithArgmax Relu Relu6 Selu Softmax Softplus Softsign _FusedConv2D _FusedMatMul""",
    "images": """
        AdjustContrastv2 AdjustHue AdjustSaturation CropAndResize HSVToRGB ImageProjectiveTransformV2
        ImageProjectiveTransformV3 RGBToHSV ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor
        ScaleAndTranslate""",
    "frequencies": "FFT FFT2D FFT3D IFFT IFFT2D IFFT3D IRFFT IRFFT2D IRFFT3D RFFT RFFT2D RFFT3D",
    "whole numbers in place of floats": """
        Dequantize FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel
        QuantizeAndDequantize QuantizeAndDequantizeV2 QuantizeAndDequantizeV3 QuantizeAndDequantizeV4 QuantizeV2
        QuantizedAdd QuantizedAvgPool QuantizedBiasAdd QuantizedConv2D QuantizedMatMul QuantizedMaxPool QuantizedMul
        QuantizedRelu QuantizedRelu6 QuantizedReshape QuantizedResizeBilinear RequantizationRange Requantize""",
    "chance": """
        Multinomial RandomShuffle RandomStandardNormal RandomUniform RandomUniformInt StatelessMultinomial
        StatelessRandomGetKeyCounter StatelessRandomNormal StatelessRandomNormalV2 StatelessRandomUniform
        StatelessRandomUniformV2 StatelessTruncatedNormal TruncatedNormal""",
}

ALLOWED = frozenset(name for group in GROUPS.values() for name in group.split())
