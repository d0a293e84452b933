"""Every published model that can be fetched: its shapes, its publisher, and its files.

Knows nothing of networks or disks; core/models/hub.py fetches what is listed here. Shapes, licences and decoding
defaults are the presets'. Names, sizes and hashes were read from the publishers' pages on the Hugging Face Hub; sizes
that are not exact were computed from the shapes (docs/architectures.md, section 0). Tokenizer and transformer stand
together because equal codebook sizes do not make a pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.decoding.settings import Decoding
from core.models.config import ModelSpec
from core.models.presets import PRESETS

Role = Literal["tokenizer", "transformer", "model"]


@dataclass(frozen=True)
class PublishedFile:
    """One file of another publisher.

    Attributes:
        repo: "owner/name" on the Hugging Face Hub, or the https address of the file's folder.
        path: within the repo.
        revision: a commit of the Hub; None until the first download pins the one it met.
        bytes: its size, computed from the shapes if `exact` is False.
        sha256: hex digits, or None if nobody has published it; the first download pins it.
        role: the net in the file; "model" is both nets.
        exact: whether `bytes` was read from the publisher, so that another size means another file.
    """

    repo: str
    path: str
    revision: str | None
    bytes: int
    sha256: str | None
    role: Role
    exact: bool = False

    @property
    def on_hub(self) -> bool:
        """Whether it is on the Hub; otherwise it has a plain address."""
        return "://" not in self.repo

    @property
    def name(self) -> str:
        """The file's own name, the last part of its path."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Published:
    """One published model.

    Attributes:
        spec: its shapes, licence and decoding defaults; without class names, which are ImageNet's.
        parameters: numbers in both nets, shared weights counted once.
        files: the files that `download` fetches, one per role.
        twins: the same nets elsewhere or in another container, fetched if the first publisher withholds a file.
    """

    spec: ModelSpec
    parameters: int
    files: tuple[PublishedFile, ...]
    twins: tuple[PublishedFile, ...] = ()

    @property
    def name(self) -> str:
        """Its name for `--model` and in the menu, e.g. "halton-384-large"."""
        return self.spec.name

    @property
    def title(self) -> str:
        """One line for people."""
        return self.spec.title

    @property
    def family(self) -> str:
        """Key of `core.models.families.FAMILIES`."""
        return self.spec.family

    @property
    def pixels(self) -> int:
        """Side in pixels of the square that the model sees."""
        return self.spec.pixels

    @property
    def grid(self) -> int:
        """Token rows (= columns)."""
        return self.spec.grid

    @property
    def licence(self) -> str:
        """Licence of the weights."""
        return self.spec.licence

    @property
    def null_class(self) -> bool:
        """Whether it works without a class."""
        return self.spec.null_class

    @property
    def needs_class(self) -> bool:
        """Whether every request must name a class."""
        return not self.spec.null_class

    @property
    def guidance(self) -> str | None:
        """How its authors guide it: "constant", "linear" (growing with the steps), or None without guidance."""
        return self.spec.defaults.guidance_ramp if self.spec.null_class else None

    @property
    def defaults(self) -> Decoding:
        """Schedule, order, steps and guidance to start from."""
        return self.spec.defaults

    @property
    def bytes(self) -> int:
        """Bytes that `download` fetches in all."""
        return sum(file.bytes for file in self.files)


# Google's own bucket is reported to answer "access denied" now; the release holds the same numbers, converted.
_GOOGLE_RELEASE = "https://github.com/hmorimitsu/maskgit-torch/releases/download/weights"
_GOOGLE_BUCKET = "https://storage.googleapis.com/maskgit-public/checkpoints"
_VALEO_REPO = "llvictorll/Maskgit-pytorch"
_HALTON_REPO = "llvictorll/Halton-MaskGIT"


def _google(pixels: int, transformer_bytes: int, twins: tuple[PublishedFile, ...] = ()) -> Published:
    def pair(repo: str, ending: str, tokenizer: int, transformer: int) -> tuple[PublishedFile, ...]:
        return (
            PublishedFile(repo, f"tokenizer_imagenet{pixels}{ending}", None, tokenizer, None, "tokenizer"),
            PublishedFile(repo, f"maskgit_imagenet{pixels}{ending}", None, transformer, None, "transformer"),
        )

    spec = PRESETS[f"google-{pixels}"]
    return Published(
        spec,
        parameters=54_515_587 + {256: 172_457_193, 512: 173_047_017}[pixels],
        files=pair(_GOOGLE_RELEASE, ".ckpt", 218_100_000, transformer_bytes),
        twins=(*twins, *pair(_GOOGLE_BUCKET, "_checkpoint", 218_068_642, transformer_bytes)),
    )


def _halton(pixels: int, size: str, numbers: int, transformer: PublishedFile) -> Published:
    return Published(
        PRESETS[f"halton-{pixels}-{size}"],
        parameters=71_883_403 + numbers,
        files=(
            PublishedFile("FoundationVision/vq-ds16-c2i", "model.safetensors", None, 288_000_000, None, "tokenizer"),
            transformer,
        ),
        twins=(PublishedFile("FoundationVision/LlamaGen", "vq_ds16_c2i.pt", None, 287_900_000, None, "tokenizer"),),
    )


def _halton_file(pixels: int, size: str, count: int, sha256: str | None = None) -> PublishedFile:
    return PublishedFile(_HALTON_REPO, f"ImageNet_{pixels}_{size}.pth", None, count, sha256, "transformer")


def _valeo(pixels: int, numbers: int, count: int, sha256: str) -> Published:
    folder = "pretrained_maskgit"
    return Published(
        PRESETS[f"valeo-{pixels}"],
        parameters=72_141_699 + numbers,
        files=(
            PublishedFile(
                _VALEO_REPO,
                f"{folder}/VQGAN/last.ckpt",
                None,
                957_954_257,
                "e38a3aed8c86e8d47436f611325b3a23888cab70a0cc56c13cd84e8d4aab6e71",
                "tokenizer",
                exact=True,
            ),
            PublishedFile(
                _VALEO_REPO,
                f"{folder}/MaskGIT/MaskGIT_ImageNet_{pixels}.pth",
                None,
                count,
                sha256,
                "transformer",
                exact=True,
            ),
        ),
    )


CATALOG: dict[str, Published] = {
    published.name: published
    for published in (
        _google(
            256,
            689_900_000,
            twins=(
                PublishedFile(
                    "fun-research/TiTok", "maskgit-vqgan-imagenet-f16-256.bin", None, 218_100_000, None, "tokenizer"
                ),
                PublishedFile(
                    "openMUSE/maskgit-vqgan-imagenet-f16-256", "pytorch_model.bin", None, 218_100_000, None, "tokenizer"
                ),
            ),
        ),
        _google(512, 692_200_000),
        _halton(256, "tiny", 23_031_425, _halton_file(256, "tiny", 276_000_000)),
        _halton(
            256,
            "small",
            69_344_769,
            _halton_file(256, "small", 832_000_000, "760b9937d16157e7e518fbf405efe281552933242b552d5e8262cb10507fb0e2"),
        ),
        _halton(256, "base", 142_224_641, _halton_file(256, "base", 1_710_000_000)),
        _halton(
            384,
            "small",
            69_508_609,
            _halton_file(384, "small", 834_000_000, "76bad1f175083210e27f794674b27efd54266b5b90471a383322c8840749ae5d"),
        ),
        _halton(
            384,
            "base",
            142_470_401,
            _halton_file(
                384, "base", 1_710_000_000, "3e707c8fcf75ddf73d812de04d2561d3ff69f52f21c08e079e0fa4d0b596fcd6"
            ),
        ),
        _halton(384, "large", 479_984_641, _halton_file(384, "large", 1_920_000_000)),
        _valeo(256, 174_160_874, 2_090_306_069, "74b38fa16c92da3db79f9aac3c9d0d2ef5cb6ea283c48908213f10d786304462"),
        _valeo(512, 176_306_666, 2_116_055_573, "fa1e1286451602c30d1608485797f63f27c8cc9688346fa0f1315952b46b3c03"),
    )
}
"""By name, in the order of the presets."""
