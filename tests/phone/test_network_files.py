"""Networks that a device is to run: one size, one image in, one out."""

import re

import numpy as np
import pytest
from fixtures import litert_files
from fixtures.browsing import HOSTILE

from aic_helpers.core.errors import InputError
from aic_helpers.phone import network_files
from aic_helpers.phone.network_files import NetworkEnd


def refused(path):
    with pytest.raises(InputError) as raised:
        network_files.read(str(path), "a network")
    return str(raised.value)


def test_what_a_file_says_of_itself(networks):
    path, network = network_files.read(str(networks[0]), "a network")
    assert path == networks[0]
    assert (network.file, network.size_bytes) == ("net_int8.tflite", networks[0].stat().st_size)
    assert network.input == NetworkEnd([1, 16, 24, 3], "uint8", (pytest.approx(1 / 255), 0))
    assert network.words == "net_int8.tflite, 24x16, uint8 in, uint8 out"


def test_floats_have_no_scale(networks):
    network = network_files.read(str(networks[1]), "a network")[1]
    assert network.input == network.output == NetworkEnd([1, 16, 24, 3], "float32", None)


def test_an_image_goes_in_by_the_files_own_scale(networks):
    network = network_files.read(str(networks[0]), "a network")[1]
    image = np.array([0, 1 / 255, 0.4, 1], np.float32).repeat(288).reshape(16, 24, 3)
    assert network.given(image).dtype == np.uint8
    assert sorted(set(network.given(image).ravel())) == [0, 1, 102, 255]


def test_bytes_come_out_as_an_image(networks):
    network = network_files.read(str(networks[0]), "a network")[1]
    scale, zero = network.output.scale
    image = network.taken(bytes([zero]) + bytes([255]) * 1151)
    assert image.shape == (1, 16, 24, 3)
    assert (image.ravel()[0], image.ravel()[1]) == (0, pytest.approx((255 - zero) * scale))


def test_bytes_of_another_length_are_no_image(networks):
    network = network_files.read(str(networks[1]), "a network")[1]
    assert network.taken(b"\0" * 1152) is None
    assert network.taken(b"\0" * 4 * 1152).shape == (1, 16, 24, 3)


def test_a_size_that_is_free_can_not_be_timed(networks):
    expected = f"expected a file of one size at {networks[2]}, found an input of (1, any, any, 3): name the fixed file "
    assert refused(networks[2]) == f"{expected}of its export"


def test_two_inputs(tmp_path):
    draft = litert_files.float_network()
    draft.graph.inputs = [*draft.graph.inputs, draft.tensor("mask", "float32", (1, 16, 24, 1))]
    (tmp_path / "two.tflite").write_bytes(draft.content())
    line = r"expected one input in .*, found 2: .*, mask: export a network of one input$"
    assert re.search(line, refused(tmp_path / "two.tflite"))


def test_a_file_that_is_cut_and_one_of_another_kind(tmp_path, networks):
    (tmp_path / "cut.tflite").write_bytes(networks[0].read_bytes()[:900])
    assert "expected a whole LiteRT model" in refused(tmp_path / "cut.tflite")
    (tmp_path / "net.tflite").write_bytes(b"not a network at all")
    assert "expected a LiteRT model" in refused(tmp_path / "net.tflite")


def test_a_file_by_another_name_and_none(tmp_path):
    (tmp_path / "net.pb").write_bytes(b"")
    assert "expected a network whose name ends in .tflite" in refused(tmp_path / "net.pb")
    assert "found nothing: check the path" in refused(tmp_path / "none.tflite")


@pytest.mark.parametrize("name", [name for name in HOSTILE if not {"/", "\0", "\ud83d"} & set(name)])
def test_the_names_of_files_are_a_strangers(name, tmp_path, networks):
    path = networks[0].rename(tmp_path / f"{name}.tflite")
    assert network_files.read(str(path), "a network")[1].words.isprintable()
