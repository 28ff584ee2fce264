# SPDX-License-Identifier: Apache-2.0
"""Rehearsals: a folder of CSV data played through a real broker and real adapters. See deploy/README.md."""
