"""One thread for torch: problems as small as those of the tests only wait for more."""

import torch

torch.set_num_threads(1)
