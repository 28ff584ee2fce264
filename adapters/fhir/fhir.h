/* SPDX-License-Identifier: Apache-2.0 */
/* fhir.h - the backend for a FHIR R4 server over HTTPS. */
#pragma once
#include "almoner/adapter.h"

extern const struct alm_backend backend_fhir;
