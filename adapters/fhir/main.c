/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir/fhir.h"

int main(int argc, char *argv[])
{
    return alm_backend_main(&backend_fhir, argc, argv);
}
