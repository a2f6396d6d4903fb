"""torchvision's data sets, also beside a PyTorch that lacks torchvision's operators."""

import torch


def torchvision_datasets():
    """Import `torchvision.datasets`, also beside a PyTorch without torchvision's operators.

    A torchvision built for CUDA does not load its compiled operators beside a CPU build of PyTorch,
    and then stumbles over the first that it wants to describe (pytorch/vision issue 9077). The data
    sets need none of them, so the names are declared for as long as the import takes.
    """
    try:
        from torchvision import datasets
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        with torch.library._scoped_library("torchvision", "DEF") as library:
            for name in ("nms", "qnms"):
                library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            from torchvision import datasets
    return datasets
