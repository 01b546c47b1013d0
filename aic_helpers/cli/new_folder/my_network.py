"""A small network to begin with. Try it in the folder of this file:

    aic run --track super_resolution --model my_network.py:network

It has nothing to train: it sharpens a photo by what a blur takes from it. Put layers of your own in its place, such as
`keras.layers.Conv2D(3, 3, padding="same")(images)`. A network with weights is named together with them:

    aic run --track super_resolution --model my_network.py:network --checkpoint my_network.weights.h5
"""

import keras

STRENGTH = 0.3


def network(images):
    """Return sharper images; both have the shape (batch, height, width, 3), and values from 0 to 1."""
    blurred = keras.layers.AveragePooling2D(3, strides=1, padding="same")(images)
    return keras.ops.clip(images + STRENGTH * (images - blurred), 0, 1)
