/* SPDX-License-Identifier: Apache-2.0 */
/* backend.h - the transfer-file backend, for its program and for tests. */
#pragma once
#include "almoner/adapter.h"

extern const struct alm_backend backend_ctf;
