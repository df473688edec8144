"""One thread for torch and for the BLAS below numpy: problems as small as those of the tests only wait for more."""

import torch
from threadpoolctl import threadpool_limits

torch.set_num_threads(1)
threadpool_limits(1)
