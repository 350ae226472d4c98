# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes out of cutting a dozen torchvision models."""
