# SPDX-License-Identifier: GPL-3.0-or-later
"""Small modules, each with one way in which channels belong together, and what must come out of cutting them."""
