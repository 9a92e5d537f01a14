"""What a class of Keras does outside the model: the harmless ones, and those that need consent.

Worked out from the sources of Keras 3.15 and tf_keras 2.21: a class is harmless if nothing in it,
and in what it derives from, opens a file or a connection, or runs code or a graph that it is
given. One that stands in neither list, of a later Keras, needs consent too; a test compares the
lists with the Keras that is installed.
"""

from __future__ import annotations

_PYTHON = "runs Python code"
_OTHER = "runs code of another framework"
_WRITES = "writes files"
NEEDS_CONSENT = {
    "Lambda": _PYTHON,
    "LambdaCallback": _PYTHON,
    "TFSMLayer": "runs the graph of a SavedModel, which is code",
    "JaxLayer": _OTHER,
    "FlaxLayer": _OTHER,
    "TorchModuleWrapper": _OTHER,
    "BackupAndRestore": "writes into a folder, and removes it with whatever is in it",
    "ModelCheckpoint": _WRITES,
    "OrbaxCheckpoint": "writes and removes files",
    "SidecarEvaluatorModelExport": _WRITES,
    "CSVLogger": _WRITES,
    "TensorBoard": _WRITES,
    "RemoteMonitor": "sends what it sees to a server",
}
READS_A_FILE = ("vocabulary", "idf_weights")
"""Arguments of StringLookup, IntegerLookup and TextVectorization: a text there is a path."""

_LAYERS = """
    AbstractRNNCell Activation ActivityRegularization AdaptiveAveragePooling1D
    AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D
    AdaptiveMaxPooling3D Add AdditiveAttention AlphaDropout Attention AugMix AutoContrast Average
    AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D
    BatchNormalization Bidirectional CategoryEncoding CenterCrop Concatenate
    ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D Conv2DTranspose
    Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Convolution1D Convolution1DTranspose
    Convolution2D Convolution2DTranspose Convolution3D Convolution3DTranspose Cropping1D
    Cropping2D Cropping3D CutMix Dense DenseFeatures DepthwiseConv1D DepthwiseConv2D
    Discretization Dot Dropout ELU EinsumDense Embedding Equalization Flatten GRU GRUCell
    GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
    GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D
    GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
    GroupNormalization GroupQueryAttention HashedCrossing Hashing Identity InputLayer InputSpec
    IntegerLookup LSTM LSTMCell Layer LayerNormalization LeakyReLU LocallyConnected1D
    LocallyConnected2D Masking MaxNumBoundingBoxes MaxPool1D MaxPool2D MaxPool3D MaxPooling1D
    MaxPooling2D MaxPooling3D Maximum MelSpectrogram Minimum MixUp Model MultiHeadAttention
    Multiply Normalization PReLU Permute Pipeline RMSNormalization RNN RandAugment
    RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop
    RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale
    RandomHeight RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation
    RandomSaturation RandomSharpness RandomShear RandomTranslation RandomWidth RandomZoom ReLU
    RepeatVector Rescaling Reshape Resizing ReversibleEmbedding STFTSpectrogram SeparableConv1D
    SeparableConv2D SeparableConvolution1D SeparableConvolution2D Sequential SimpleRNN
    SimpleRNNCell Softmax Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D
    SpectralNormalization StackedRNNCells StringLookup Subtract TextVectorization ThresholdedReLU
    TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D Wrapper ZeroPadding1D
    ZeroPadding2D ZeroPadding3D
"""
_PIECES = """
    Constant Constraint GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer
    Initializer L1 L1L2 L2 LecunNormal LecunUniform MaxNorm MinMaxNorm NonNeg Ones Orthogonal
    OrthogonalInitializer OrthogonalRegularizer RadialConstraint RandomNormal RandomUniform
    Regularizer STFT STFTInitializer TruncatedNormal UnitNorm VarianceScaling Zeros
"""
_TRAINING = """
    AUC Accuracy Adadelta Adafactor Adagrad Adam AdamW Adamax BinaryAccuracy BinaryCrossentropy
    BinaryFocalCrossentropy BinaryIoU CTC CategoricalAccuracy CategoricalCrossentropy
    CategoricalFocalCrossentropy CategoricalGeneralizedCrossEntropy CategoricalHinge Circle
    ConcordanceCorrelation CosineDecay CosineDecayRestarts CosineSimilarity Dice ExponentialDecay
    F1Score FBetaScore FalseNegatives FalsePositives Ftrl Hinge Huber InverseTimeDecay IoU
    KLDivergence Lamb LearningRateSchedule Lion LogCosh LogCoshError Loss LossScaleOptimizer Mean
    MeanAbsoluteError MeanAbsolutePercentageError MeanIoU MeanMetricWrapper MeanRelativeError
    MeanSquaredError MeanSquaredLogarithmicError MeanTensor Metric MultiOptimizer Muon Nadam
    OneHotIoU OneHotMeanIoU Optimizer OptimizerMap PearsonCorrelation PiecewiseConstantDecay
    Poisson PolynomialDecay Precision PrecisionAtRecall R2Score RMSprop Recall RecallAtPrecision
    Reduction RootMeanSquaredError SGD ScheduleFreeAdamW SensitivityAtSpecificity
    SparseCategoricalAccuracy SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy
    SpecificityAtSensitivity SquaredHinge Sum TopKCategoricalAccuracy TrueNegatives TruePositives
    Tversky
"""
_CALLBACKS = """
    BaseLogger Callback CallbackList EarlyStopping History LearningRateScheduler ProgbarLogger
    ReduceLROnPlateau SwapEMAWeights TerminateOnNaN
"""
_POLICIES = "DTypePolicy Policy"
HARMLESS = frozenset(f"{_LAYERS} {_PIECES} {_TRAINING} {_CALLBACKS} {_POLICIES}".split())
