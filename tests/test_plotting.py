import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from aecourse import plotting
from aecourse.training import History


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    figure.canvas.draw()  # a picture that cannot be drawn fails here
    plt.close(figure)


@pytest.mark.parametrize("shape", [(6, 64), (6, 8, 8), (6, 1, 8, 8)])
def test_a_grid_holds_each_image_at_its_place(ax, shape):
    images = torch.rand(shape, requires_grad=True)
    assert plotting.image_grid(ax, images, n_columns=3) is ax
    mosaic = ax.images[0].get_array()
    fifth = mosaic[9:17, 9:17]  # second row, second column: behind 8 pixels and a margin of 1
    np.testing.assert_array_equal(fifth, images[4].detach().reshape(8, 8))
    assert mosaic.mask[8].all()


def test_a_grid_that_is_not_full_is_left_blank(ax):
    plotting.image_grid(ax, np.ones((5, 4)), n_columns=3)
    mosaic = ax.images[0].get_array()
    assert mosaic.mask[3:, 6:].all()
    assert mosaic.count() == 5 * 4


def test_a_grid_is_ink_on_paper_at_its_extent(ax):
    settings = {"n_columns": 5, "value_range": (-1, 2), "extent": (0, 4, 0, 2)}
    plotting.image_grid(ax, np.zeros((2, 32, 32)), **settings)
    image = ax.images[0]
    assert (image.get_cmap().name, image.get_interpolation()) == ("gray_r", "nearest")
    assert (image.get_clim(), image.get_extent()) == ((-1, 2), [0, 4, 0, 2])
    assert image.get_array().shape == (32, 66)  # no empty columns, a margin of 2
    assert ax.axison  # ticks in the units of the extent
    plotting.image_grid(ax, np.zeros((2, 64)))
    assert not ax.axison  # and none without


def test_rows_show_the_range_and_the_shape_of_their_images(ax):
    images = np.zeros((3, 4, 8))
    plotting.image_rows(ax, {"a": images, "b": images}, value_range=(0, 9))
    assert ax.get_aspect() == 4 / 8
    assert ax.images[0].get_clim() == (0, 9)
    assert (list(ax.get_xticks()), list(ax.get_yticks())) == ([], [0.5, 1.5])


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax, images, **kw: plotting.image_rows(ax, {"a": images}, **kw),
        lambda ax, images, **kw: plotting.interpolation_strip(ax, {"a": images}, **kw),
        lambda ax, images, **kw: plotting.decoded_plane(ax, np.zeros((2, 3, 2)), images, **kw),
    ],
)
def test_pictures_keep_their_range_and_their_shape(ax, draw):
    draw(ax, np.zeros((6, 4, 8)), value_range=(-3, 9))
    assert ax.images[0].get_clim() == (-3, 9)
    ax.figure.canvas.draw()
    corners = ax.transData.transform([(0, 0), (1, 1)])  # of one picture, on paper
    width, height = abs(corners[1] - corners[0])
    assert height / width == pytest.approx(4 / 8)


def test_one_square_image_is_told_apart_from_many_flat_ones(ax):
    one = np.random.default_rng(0).random((16, 16))
    with pytest.raises(ValueError, match=r"images\[None\], or images\.reshape\(-1, 4, 4\)"):
        plotting.image_grid(ax, one)
    plotting.image_grid(ax, one[None])
    np.testing.assert_array_equal(ax.images[0].get_array(), one)
    plotting.image_grid(ax, one[:9], n_columns=3)  # nine of 4×4
    mosaic = ax.images[-1].get_array()
    assert mosaic.shape == (14, 14)
    np.testing.assert_array_equal(mosaic[10:, 10:], one[8].reshape(4, 4))


def test_rows_carry_their_names_from_top_to_bottom(ax):
    rows = {"original": np.zeros((4, 9)), "decoded": np.ones((4, 9))}
    plotting.image_rows(ax, rows)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["original", "decoded"]
    mosaic = ax.images[0].get_array()
    assert mosaic[:3].max() == 0
    assert mosaic[4:].min() == 1
    (_, top), (_, bottom) = ax.transData.transform([(0, 0.5), (0, 1.5)])
    assert top > bottom


def test_curves_are_the_history(ax):
    history = History(train={"loss": [4.0, 2.0, 1.0]}, held_out={"loss": [5.0, 3.0, 2.0]})
    assert history.plot(ax) is ax
    train, held_out = ax.lines
    np.testing.assert_array_equal(train.get_xydata(), [[1, 4], [2, 2], [3, 1]])
    np.testing.assert_array_equal(held_out.get_xydata(), [[1, 5], [2, 3], [3, 2]])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training", "held-out"]


def test_a_term_is_drawn_by_name(ax):
    history = History(
        train={"loss": [4.0, 20.0], "kl_term": [1.0, 2.0]},
        held_out={"loss": [5.0, 3.0], "kl_term": [7.0, 8.0]},
    )
    history.plot(ax, term="kl_term", log=False)
    assert [list(line.get_ydata()) for line in ax.lines] == [[1, 2], [7, 8]]
    assert [line.get_linestyle() for line in ax.lines] == ["--", "-"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "kl term per sample")
    assert ax.get_yscale() == "linear"
    plotting.curves(ax, history.train)
    assert ax.get_yscale() == "log"


@pytest.mark.parametrize("n_classes", [3, 10, 13])
def test_the_bar_shows_the_colours_of_the_points(ax, n_classes):
    codes, labels = np.random.default_rng(0).normal(size=(n_classes, 2)), np.arange(n_classes)
    plotting.scatter_codes(ax, codes, labels, label_name="kind")
    ax.figure.canvas.draw()
    points, bar = ax.collections[0], ax.figure.axes[1]
    shown = points.cmap(points.norm(labels))
    np.testing.assert_allclose(points.get_facecolors(), shown)
    assert len({tuple(colour) for colour in shown}) == n_classes
    assert list(points.norm.boundaries) == [i - 0.5 for i in range(n_classes + 1)]
    assert (bar.get_ylabel(), ax.get_xlabel(), ax.get_ylabel()) == ("kind", "$z_1$", "$z_2$")


def test_class_names_may_be_left_out(ax):
    plotting.scatter_codes(ax, np.eye(3)[:, :2], [1, 4, 9], class_names=False)
    assert len(ax.texts) == 0


def test_pictures_are_drawn_where_told_and_nowhere_else(ax):
    other, last = plt.subplots()
    plotting.scatter_codes(ax, np.eye(3)[:, :2], [1, 4, 9], colour_bar=False)
    assert plt.gca() is last
    assert len(ax.figure.axes) == 1
    plt.close(other)


def test_points_of_one_class_share_a_colour_that_the_bar_names(ax):
    codes, labels = np.random.default_rng(0).normal(size=(30, 2)), np.repeat([9, 1, 4], 10)
    plotting.scatter_codes(ax, torch.tensor(codes), torch.tensor(labels))
    ax.figure.canvas.draw()
    points = ax.collections[0]
    np.testing.assert_allclose(points.get_offsets(), codes)
    colours = [tuple(colour) for colour in points.get_facecolors()]
    assert [len(set(colours[i : i + 10])) for i in (0, 10, 20)] == [1, 1, 1]
    assert len(set(colours)) == 3
    bar = ax.figure.axes[1]
    assert [label.get_text() for label in bar.get_yticklabels()] == ["1", "4", "9"]
    medians = {text.get_text(): text.get_position() for text in ax.texts}
    np.testing.assert_allclose(medians["9"], np.median(codes[:10], axis=0))


def test_a_strip_names_the_share_of_the_way_under_its_images(ax):
    frames = np.linspace(0, 1, 9)[:, None].repeat(4, axis=1)
    plotting.interpolation_strip(ax, {"linear": frames, "spherical": frames})
    mosaic = ax.images[0].get_array()
    np.testing.assert_allclose(mosaic[0, ::3], frames[:, 0])  # 2 pixels and a margin of 1 each
    middles = dict(zip([t.get_text() for t in ax.get_xticklabels()], ax.get_xticks(), strict=True))
    assert middles == {"0": 0.5, "¼": 2.5, "½": 4.5, "¾": 6.5, "1": 8.5}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["linear", "spherical"]


def test_a_decoded_plane_is_a_map_of_its_codes(ax):
    across, upwards = [-2.3, -0.5, 0.0, 2.3], [1.5, 0.0, -1.5]
    points = np.stack(np.meshgrid(across, upwards), axis=-1)
    images = np.arange(12.0)[:, None].repeat(4, axis=1)
    plotting.decoded_plane(ax, points, images, value_range=(0, 11), n_ticks=4)
    ax.figure.canvas.draw()
    mosaic, named = ax.images[0].get_array(), {}
    for label, tick in zip(ax.get_xticklabels(), ax.get_xticks(), strict=True):
        named[label.get_text()] = mosaic[0, 3 * int(tick)]  # the top row, from left to right
    assert named == {"−2.3": 0, "−0.5": 1, "0.0": 2, "2.3": 3}
    rows = [label.get_text() for label in ax.get_yticklabels()]
    assert dict(zip(rows, mosaic[::3, 0], strict=True)) == {"1.5": 0, "0.0": 4, "−1.5": 8}
    (_, top), (_, bottom) = ax.transData.transform([(0, 0), (0, 2)])
    assert top > bottom
    left, right, bottom, top = ax.images[0].get_extent()
    assert (left, right, bottom, top) == (-0.5, 3.5, 2.5, -0.5)


@pytest.mark.parametrize("n", [1, 2, 4, 11, 12, 15, 16])
def test_a_decoded_plane_names_its_first_and_last_code_and_equal_steps_between(ax, n):
    points = np.stack(np.meshgrid(np.arange(n), [0]), axis=-1)
    plotting.decoded_plane(ax, points, np.zeros((n, 2, 2)))
    ticks = ax.get_xticks()
    assert [label.get_text() for label in ax.get_xticklabels()] == [f"{k:.1f}" for k in ticks]
    assert (ticks[0], ticks[-1]) == (0, n - 1)
    assert len(set(np.diff(ticks))) <= 1
    assert len(ticks) <= 8


def test_a_logarithmic_axis_writes_all_its_numbers_alike(ax):
    plotting.curves(ax, {"loss": [60.0, 0.0008]})
    ax.figure.canvas.draw()
    shown = {label.get_text() for label in ax.get_yticklabels()} - {""}
    assert {"0.001", "0.01", "0.1", "1", "10"} <= shown
    assert shown <= {"1e−05", "0.0001", "0.001", "0.01", "0.1", "1", "10", "100", "1000"}
    ax.clear()
    plotting.curves(ax, {"loss": [0.09, 0.05]})
    ax.figure.canvas.draw()
    assert "0.06" in [label.get_text() for label in ax.get_yticklabels(minor=True)]


def test_rate_and_distortion_are_where_they_are_said_to_be(ax):
    plotting.rate_distortion(ax, [25, 9, 14], [78, 95, 88], ["β = 1", "β = 4", "β = 2"])
    points = next(line for line in ax.lines if line.get_marker() == "o")
    assert points.get_xydata().tolist() == [[9, 95], [14, 88], [25, 78]]  # joined in order of rate
    places = {text.get_text(): text.xy for text in ax.texts}
    assert places == {"β = 1": (25, 78), "β = 4": (9, 95), "β = 2": (14, 88)}
    constant = [line for line in ax.lines if line is not points]
    assert [line.get_slope() for line in constant] == [-1, -1, -1]


def strip_of(animation):
    data = re.search(r"data:image/png;base64,([^\"]+)", animation.html).group(1)
    return plt.imread(io.BytesIO(base64.b64decode(data)))[:, :, 0]


def test_an_animation_holds_every_frame_in_order():
    frames = np.linspace(0, 1, 6)[:, None, None] * np.ones((6, 4, 3))
    strip = strip_of(plotting.animate(torch.tensor(frames), alt="A grey that darkens."))
    assert strip.shape == (4, 18)
    np.testing.assert_allclose(1 - strip[0, ::3], frames[:, 0, 0], atol=1 / 128)  # ink on paper
    halved = strip_of(plotting.animate(frames, alt="A grey.", value_range=(0, 2)))
    np.testing.assert_allclose(1 - halved[0, ::3], frames[:, 0, 0] / 2, atol=1 / 128)


@pytest.mark.parametrize("n", [2, 7])
def test_the_slider_of_an_animation_ends_at_its_last_frame(n):
    html = plotting.animate(np.zeros((n, 3, 5)), alt="Nothing.").html
    assert re.findall(r'type="range" min="(\d+)" max="(\d+)" value="(\d+)"', html) == [
        ("0", str(n - 1), "0")
    ]
    assert f"n = {n - 1} + 1;" in html


def test_an_animation_says_what_it_shows_and_needs_nothing_else():
    animation = plotting.animate(np.zeros((3, 4)), alt='A "0" & a <1>.', frame_seconds=0.2, width=5)
    assert animation._repr_html_() == animation.html
    assert animation.html.count("A &quot;0&quot; &amp; a &lt;1&gt;.") == 2  # the group, the image
    assert "}, 200);" in animation.html
    assert 'style.width = "5rem"' in animation.html
    assert re.findall(r"https?://|src=\"(?!data:)", animation.html) == []


def test_bad_input_is_refused(ax):
    for images in (np.zeros((3, 5)), np.zeros((0, 8, 8)), np.zeros((2, 3, 8, 8)), np.zeros(64)):
        with pytest.raises(ValueError, match="expected images of shape"):
            plotting.image_grid(ax, images)
    with pytest.raises(ValueError, match="equally many images"):
        plotting.image_rows(ax, {"a": np.zeros((3, 4)), "b": np.zeros((2, 4))})
    with pytest.raises(ValueError, match="of one size"):
        plotting.image_rows(ax, {"a": np.zeros((3, 4)), "b": np.zeros((3, 9))})
    with pytest.raises(ValueError, match="n_columns from 1, got 0"):
        plotting.image_grid(ax, np.zeros((3, 4)), n_columns=0)
    with pytest.raises(ValueError, match=r"one of the terms \['loss'\], got 'kl'"):
        plotting.curves(ax, {"loss": [1.0]}, term="kl")
    for codes, labels in ((np.zeros((4, 3)), range(4)), (np.zeros((4, 2)), range(3))):
        with pytest.raises(ValueError, match=r"expected codes of shape \(n_samples, 2\)"):
            plotting.scatter_codes(ax, codes, labels)
    points = np.zeros((2, 3, 2))
    for codes, images in ((points, np.zeros((5, 4))), (points[0], np.zeros((3, 4)))):
        with pytest.raises(ValueError, match=r"\(n_rows, n_columns, 2\) and an image for each"):
            plotting.decoded_plane(ax, codes, images)
    for rates, distortions, labels in (([1], [1, 2], "a"), ([1, 2], [1, 2], "a"), ([], [], "")):
        with pytest.raises(ValueError, match="one rate, one distortion and one label"):
            plotting.rate_distortion(ax, rates, distortions, labels)
    with pytest.raises(ValueError, match="at least two frames, got 1"):
        plotting.animate(np.zeros((1, 4)), alt="One.")
    with pytest.raises(ValueError, match="a description in alt, got none"):
        plotting.animate(np.zeros((2, 4)), alt=" ")
    with pytest.raises(ValueError, match="frame_seconds and width above 0, got 0 and 9"):
        plotting.animate(np.zeros((2, 4)), alt="Two.", frame_seconds=0)


def test_an_outline_is_placed_enlarged_and_keeps_its_hole(ax):
    square = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1], [-1, -1]])
    hole = 0.5 * square[::-1]
    plotting.outline(ax, [square, hole], centre=(10, 20), scale=3, facecolor="black")
    (patch,) = ax.patches
    box = patch.get_path().get_extents()
    assert (box.x0, box.x1, box.y0, box.y1) == (7, 13, 17, 23)
    ax.figure.canvas.draw()
    picture = np.asarray(ax.figure.canvas.buffer_rgba())[::-1, :, 0]
    middle, rim = ax.transData.transform([(10, 20), (12.5, 20)]).astype(int)
    assert (picture[middle[1], middle[0]], picture[rim[1], rim[0]]) == (255, 0)
    for bad in ([], [square.T]):
        with pytest.raises(ValueError, match="n_points, 2"):
            plotting.outline(ax, bad)


def test_rows_of_outlines_stand_beside_their_names(ax):
    square = [np.array([[-1, -1], [-1, 1], [1, 1], [1, -1], [-1, -1]])]
    plotting.outline_rows(ax, {"first": [square] * 3, "second": [square] * 2}, size=4)
    centres = [patch.get_path().get_extents() for patch in ax.patches]
    middles = [((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2) for box in centres]
    assert middles == [(0, 0), (4, 0), (8, 0), (0, -4), (4, -4)]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["first", "second"]
    assert list(ax.get_yticks()) == [0, -4]
    assert (ax.get_xlim(), ax.get_ylim()) == ((-2, 10), (-6, 2))
    assert ax.get_aspect() == 1  # a circle stays one
    assert not len(ax.get_xticks()) and not any(ax.spines[side].get_visible() for side in ax.spines)
    with pytest.raises(ValueError, match="at least one row of shapes, got none"):
        plotting.outline_rows(ax, {})
