#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/boundaries.sh ROOT - the rules about who may include what, kept by grep. Prints TAP.
# Sources: DESIGN section 9 (folders and directions), STYLE (headers, files), the folders' READMEs.
set -uo pipefail
shopt -s nullglob globstar lastpipe # lastpipe: check counts in this shell, at the end of a pipe

cd "${1:?the root of the source tree}" || exit 64

n=0 failed=0

# check NAME - reads offending lines from standard input; none is a pass.
check() {
  local name=$1 lines
  lines=$(head -n 40)
  n=$((n + 1))
  if [ -z "$lines" ]; then
    echo "ok $n - $name"
  else
    failed=1
    echo "not ok $n - $name"
    while read -r line; do echo "#   $line"; done <<<"$lines"
  fi
}

# includes PATTERN FOLDER... - lines "file:line: #include ..." of our C files whose included name matches PATTERN.
includes() {
  local pattern=$1
  shift
  grep -rnE --include='*.c' --include='*.h' "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($pattern)" "$@" 2>/dev/null
}

# more_than_one_file - of lines "file:line:...", all of them when they come from several files.
more_than_one_file() {
  local lines
  lines=$(cat)
  [ "$(cut -d: -f1 <<<"$lines" | sort -u | wc -l)" -le 1 ] || printf '%s\n' "$lines"
}

not_in() {
  grep -vE "^($1):"
}

code=(include proto policy broker adapters)
sources=({include,proto,policy,broker,adapters}/**/*.c)
headers=({include,proto,policy,broker,adapters}/**/*.h tests/**/*.h)
stages='gate core reader signer supervisor'
proto_names='base|conf|tree|match|wire|local|cert'
policy_names='engine|analyse|compile|rules'
broker_names='backup|store|pair|gate|core|reader|signer|supervisor|sandbox|tools'
adapter_names=$(cd adapters && printf '%s\n' */ | tr -d / | paste -sd '|') # a new backend is a folder more, and no line here

foreign_headers() {
  includes 'libconfig\.h' "${code[@]}" | not_in 'proto/conf/conf\.c' |
    check "libconfig.h is included by proto/conf/conf.c alone"
  includes '.*pb-c\.h' "${code[@]}" | not_in 'proto/wire/codec\.c' |
    check "generated protobuf headers are included by proto/wire/codec.c alone"
  includes 'protobuf-c/.*' "${code[@]}" | not_in 'proto/wire/[a-z_]+\.[ch]' |
    check "protobuf-c is used by proto/wire alone"
  includes 'lmdb\.h' "${code[@]}" | not_in 'broker/store/[a-z_]+\.c' |
    check "lmdb.h is included in broker/store alone"
  includes 'lmdb\.h' broker/store | more_than_one_file |
    check "lmdb.h is included by one file of the store"
  includes 'zmq\.h' "${code[@]}" | not_in 'broker/gate/[a-z_]+\.c|adapters/lib/wire\.c|adapters/cli/key\.c' |
    check "zmq.h is included by the gate, the adapters' wire and the key command alone"
  includes 'zmq\.h' broker/gate | more_than_one_file |
    check "zmq.h is included by one file of the gate"
  includes 'microhttpd\.h' "${code[@]}" | not_in 'adapters/desk/form\.c' |
    check "microhttpd.h is included by the desk's form alone"
  includes 'sql(ext|types|ucode)?\.h' "${code[@]}" | not_in 'adapters/odbc/db\.c' |
    check "sql.h is included by adapters/odbc/db.c alone"
  includes 'curl/.*' "${code[@]}" | not_in 'adapters/fhir/http\.c' |
    check "curl.h is included by adapters/fhir/http.c alone"
  includes 'jwt\.h' "${code[@]}" | not_in 'adapters/fhir/grant\.c' |
    check "jwt.h is included by adapters/fhir/grant.c alone"
  includes 'openssl/.*|sodium\.h' policy | check "policy includes no cryptographic library itself"
}

directions() {
  includes "($policy_names|$broker_names|$adapter_names)/.*" proto include |
    check "proto and include know nothing of policy, broker or adapters"
  includes "($broker_names|$adapter_names)/.*" policy | check "policy knows nothing of broker or adapters"
  includes "($policy_names|$broker_names)/.*" adapters | check "adapters know nothing of policy or broker"
  grep -nE "\b(dep|lib)_($policy_names|$broker_names|lmdb)\b" adapters/meson.build adapters/*/meson.build |
    check "adapters link nothing of policy, broker or LMDB"
  includes "($adapter_names)/.*" broker | check "broker knows nothing of adapters"
  includes "($proto_names|$policy_names|$broker_names|$adapter_names)/.*" include |
    check "the public headers include no inner ones"
  includes '\.\./.*' "${code[@]}" tests | check "no include climbs out of its folder"
  for stage in $stages; do
    others=$(tr ' ' '\n' <<<"$stages" | grep -vx "$stage" | paste -sd'|')
    includes "($others)/.*" "broker/$stage" | check "the $stage includes no other stage of the broker"
  done
  { includes 'store/.*' broker/gate broker/signer broker/supervisor broker/tools broker/sandbox broker/pair
    grep -nE '\bdep_(store|lmdb)\b' broker/{gate,signer,supervisor,tools,pair}/meson.build; } |
    check "only core and reader know the store"
}

pure_engine() {
  local forbidden='sys/(socket|stat|file|mman|time|types|un)\.h|netinet/.*|fcntl\.h|unistd\.h|time\.h|dirent\.h'
  forbidden+='|lmdb\.h|zmq\.h|protobuf.*|libconfig\.h|.*pb-c\.h|pthread\.h'
  forbidden+='|base/(clock|file|log|id)\.h|(conf|wire|local|cert|tree)/.*'
  includes "$forbidden" policy/engine |
    check "the engine includes no sockets, store, protobuf, files, clock or log"
  grep -nE '\b(fopen|fprintf|printf|open|read|write|getenv|clock_[a-z_]+|crypto_random|civil_today|time|localtime(_r)?|rand|random)\(' \
    policy/engine/*.[ch] | grep -vE ':[[:space:]]*(/?\*|//)' |
    check "the engine calls no file, clock, environment or random function"
}

# All files that are ours: what git would put into a clone, or, in an unpacked archive, all there is.
our_files() {
  git ls-files -co --exclude-standard 2>/dev/null ||
    find . -type f -not -path './build*' -not -path './.git/*' -printf '%P\n'
}

needs_spdx() {
  case $1 in
    *.c | *.h | *.py | *.sh | *.proto | meson.build | */meson.build | meson_options.txt) return 0 ;;
    tests/data/* | tests/vectors/* | *.md | *.csv) return 1 ;;
  esac
  [ -f "$1" ] && [ "$(head -c 2 "$1" | tr -d '\0')" = '#!' ]
}

tree() {
  our_files | while read -r file; do
    if [ -f "$file" ] && needs_spdx "$file"; then
      head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$file"
    fi
  done | check "each source file names its licence in its first lines"
  our_files | cut -d/ -f1 | sort -u | grep -vxE \
    '\.ci|\.clang-format|\.gitignore|\.gitattributes|README\.md|LICENSE|CONTRIBUTING\.md|CHANGELOG\.md|SECURITY\.md|meson\.build|meson_options\.txt|include|proto|policy|broker|adapters|tests|deploy' |
    check "the top folder holds the permitted names alone"
  for file in "${sources[@]}"; do dirname "$file"; done | sort -u | while read -r dir; do
    [ -s "$dir/README.md" ] || echo "$dir has no README.md"
  done | check "each folder of code has a README"
  for file in "${sources[@]}" "${headers[@]}" tests/**/*.c; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 700 ] || echo "$file: $lines lines"
  done | check "no file is longer than 700 lines"
}

habits() {
  grep -rnE --include='*.c' --include='*.h' \
    '\b(strcpy|strcat|stpcpy|sprintf|vsprintf|gets|atoi|atol|atoll|atof|system|popen|tmpnam|mktemp|strtok|alloca)\(' \
    "${code[@]}" tests | check "no call of a function that cannot be used safely"
  grep -rnwE --include='*.c' --include='*.h' --include='*.py' --include='*.sh' --exclude=boundaries.sh \
    'TODO|FIXME|XXX|HACK' "${code[@]}" tests deploy | check "nothing calls itself unfinished"
  for file in "${headers[@]}"; do
    grep -qx '#pragma once' "$file" || echo "$file"
  done | check "each header guards itself"
}

# A header that compiles alone, twice over, includes what it needs and guards itself.
headers_alone() {
  local flags=(-std=c11 -D_GNU_SOURCE -fsyntax-only -Wall -Werror -x c -Iinclude -Iproto -Ipolicy -Ibroker -Iadapters)
  local cc=${CC:-gcc}
  for file in "${headers[@]}"; do
    printf '#include "%s"\n#include "%s"\n' "$PWD/$file" "$PWD/$file" |
      "$cc" "${flags[@]}" -I"$(dirname "$file")" -Wno-unused-function -Wno-unused-variable - 2>&1 | head -n 3
  done | check "each header compiles alone"
}

foreign_headers
directions
pure_engine
tree
habits
headers_alone
echo "1..$n"
exit $failed
