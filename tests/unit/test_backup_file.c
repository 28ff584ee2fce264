/* SPDX-License-Identifier: Apache-2.0 */
/* test_backup_file.c - a backup as a file: whatever is done to it on the way is found, and named
 * with its chunk; and the keys that it is sealed to. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "backup/backup_key.h"
#include "backup/chunks.h"
#include "base/file.h"
#include "temp_dir.h"

#define SMALL       300
#define CHUNK_FRONT 13
#define CHUNK_DISK  (CHUNK_FRONT + BACKUP_CHUNK_BYTES + SEAL_OVERHEAD)
#define OCTETS_MAX  ((size_t)4 << 20)

static struct secret key, other_key;
static uint8_t plain[4 * BACKUP_CHUNK_BYTES];

static int setup(void **state)
{
    (void)state;
    if (crypto_init() || crypto_random(&key, sizeof(key)) ||
        crypto_random(&other_key, sizeof(other_key)))
        return -1;
    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = (uint8_t)(i * 7 + i / 256);
    return temp_dir_setup(state);
}

static struct backup_header header_of(const struct secret *to)
{
    struct backup_header h = { .mode = 2,
                               .origin = "marlham.example/almoner",
                               .made_ms = 1780000000000,
                               .expires_on = 20800 };

    assert_int_equal(id_new(h.made_ms, &h.id), 0);
    assert_int_equal(backup_public(to, h.to), 0);
    return h;
}

/* A file with the first n octets of plain. Its octets are the caller's. */
static struct buf backup_of(const struct secret *to, size_t n, bool finish)
{
    ALM_CLEANUP(backup_writer_freep) struct backup_writer *w = NULL;
    struct backup_header h = header_of(to);
    struct buf out;
    int fd = memfd_create("backup", 0);

    assert_true(fd >= 0);
    assert_int_equal(backup_writer_open(fd, &h, &w), 0);
    for (size_t at = 0; at < n; at += 1000)
        assert_int_equal(backup_writer_put(w, bytes_of(plain + at, n - at < 1000 ? n - at : 1000)),
                         0);
    if (finish)
        assert_int_equal(backup_writer_finish(w), 0);
    buf_init(&out, OCTETS_MAX);
    assert_int_equal(buf_room(&out, backup_writer_octets(w)), 0);
    assert_int_equal(pread(fd, out.data, backup_writer_octets(w), 0), backup_writer_octets(w));
    out.len = backup_writer_octets(w);
    close(fd);
    return out;
}

/* Reads it to its end or first damage; *chunk is where it stood. What comes out before that is what
 * went in. Return: 0 with *octets; a damage. */
static int read_back(struct bytes file, const struct secret *with, uint64_t *chunk, size_t *octets)
{
    ALM_CLEANUP(backup_reader_freep) struct backup_reader *r = NULL;
    int fd = memfd_create("backup", 0), e;
    bool last = false;

    assert_int_equal(write(fd, file.data, file.len), file.len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    *octets = 0;
    *chunk = 0;
    e = backup_reader_open(fd, with, &r);
    while (e == 0 && !last) {
        struct bytes got = { 0 };

        e = backup_reader_next(r, &got, &last);
        if (e == 0 || e == BACKUP_APPENDED) {
            assert_memory_equal(got.data, plain + *octets, got.len);
            *octets += got.len;
        }
    }
    if (r)
        *chunk = backup_reader_chunk(r);
    close(fd);
    return e;
}

static int damage_of(struct bytes file)
{
    uint64_t chunk;
    size_t octets;

    return read_back(file, &key, &chunk, &octets);
}

static void backup_comes_back_as_it_was_put_whatever_its_length(void **state)
{
    static const size_t lengths[] = { 0,
                                      1,
                                      BACKUP_CHUNK_BYTES - 1,
                                      BACKUP_CHUNK_BYTES,
                                      BACKUP_CHUNK_BYTES + 1,
                                      3 * BACKUP_CHUNK_BYTES };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(lengths); i++) {
        ALM_CLEANUP(buf_deinit) struct buf file = backup_of(&key, lengths[i], true);
        uint64_t chunk;
        size_t octets;

        assert_int_equal(read_back(buf_view(&file), &key, &chunk, &octets), 0);
        assert_int_equal(octets, lengths[i]);
    }
}

static void backup_notices_each_of_its_octets_flipped_in_turn(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf file = backup_of(&key, SMALL, true);

    (void)state;
    for (size_t i = 0; i < file.len; i++) {
        for (unsigned bit = 0; bit < 8; bit += 3) {
            file.data[i] ^= (uint8_t)(1u << bit);
            assert_true(damage_of(buf_view(&file)) > 0);
            file.data[i] ^= (uint8_t)(1u << bit);
        }
    }
    assert_int_equal(damage_of(buf_view(&file)), 0);
}

static void backup_notices_every_length_that_it_is_cut_to(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf file = backup_of(&key, SMALL, true);

    (void)state;
    for (size_t len = 0; len < file.len; len++)
        assert_int_equal(damage_of(bytes_of(file.data, len)),
                         len < 20 ? BACKUP_NOT_ONE : BACKUP_CUT);
}

static void backup_cut_between_two_chunks_or_never_finished_is_not_whole(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf file = backup_of(&key, 3 * BACKUP_CHUNK_BYTES, true);
    ALM_CLEANUP(buf_deinit) struct buf open = backup_of(&key, 2 * BACKUP_CHUNK_BYTES + 5, false);
    uint64_t chunk;
    size_t octets;

    (void)state;
    assert_int_equal(read_back(bytes_of(file.data, file.len - CHUNK_DISK), &key, &chunk, &octets),
                     BACKUP_CUT);
    assert_int_equal(chunk, 2);
    assert_int_equal(damage_of(buf_view(&open)), BACKUP_CUT);
}

static void backup_names_the_chunk_that_is_altered(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf file = backup_of(&key, 3 * BACKUP_CHUNK_BYTES, true);
    uint64_t chunk;
    size_t octets;

    (void)state;
    file.data[file.len - 2 * CHUNK_DISK + 500] ^= 1;
    assert_int_equal(read_back(buf_view(&file), &key, &chunk, &octets), BACKUP_CHUNK_ALTERED);
    assert_int_equal(chunk, 1);
    assert_int_equal(octets, BACKUP_CHUNK_BYTES); /* nothing of the altered one came out */
}

static void backup_notices_chunks_that_changed_places_or_are_left_out(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf file = backup_of(&key, 4 * BACKUP_CHUNK_BYTES, true);
    static uint8_t first[CHUNK_DISK];
    uint8_t *chunks = file.data + file.len - 4 * CHUNK_DISK;
    uint64_t chunk;
    size_t octets;

    (void)state;
    memcpy(first, chunks + CHUNK_DISK, CHUNK_DISK);
    memcpy(chunks + CHUNK_DISK, chunks + 2 * CHUNK_DISK, CHUNK_DISK);
    memcpy(chunks + 2 * CHUNK_DISK, first, CHUNK_DISK);
    assert_int_equal(read_back(buf_view(&file), &key, &chunk, &octets), BACKUP_CHUNK_MOVED);
    assert_int_equal(chunk, 1);
    memmove(chunks + CHUNK_DISK, chunks + 2 * CHUNK_DISK, 2 * CHUNK_DISK);
    file.len -= CHUNK_DISK;
    assert_int_equal(damage_of(buf_view(&file)), BACKUP_CHUNK_MOVED);
}

static void backup_notices_a_chunk_whose_number_was_rewritten(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf file = backup_of(&key, 3 * BACKUP_CHUNK_BYTES, true);
    uint8_t *chunks = file.data + file.len - 3 * CHUNK_DISK;

    (void)state;
    memcpy(chunks, chunks + CHUNK_DISK, CHUNK_DISK);
    chunks[7] = 0; /* says that it is the first */
    assert_int_equal(damage_of(buf_view(&file)), BACKUP_CHUNK_ALTERED);
}

static void backup_notices_an_earlier_end(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf file = backup_of(&key, 3 * BACKUP_CHUNK_BYTES, true);

    (void)state;
    file.data[file.len - 2 * CHUNK_DISK + 8] = 1; /* "the last one" */
    assert_int_equal(damage_of(bytes_of(file.data, file.len - CHUNK_DISK)), BACKUP_CHUNK_ALTERED);
}

static void backup_notices_what_was_appended(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf file = backup_of(&key, SMALL, true);
    ALM_CLEANUP(buf_deinit) struct buf twice = backup_of(&key, SMALL, true);

    (void)state;
    buf_put_u8(&file, 0);
    assert_int_equal(damage_of(buf_view(&file)), BACKUP_APPENDED);
    buf_put(&twice, file.data, file.len - 1);
    assert_int_equal(damage_of(buf_view(&twice)), BACKUP_APPENDED);
}

static void backup_refuses_another_files_chunk_also_of_the_same_key(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf file = backup_of(&key, 2 * BACKUP_CHUNK_BYTES, true);
    ALM_CLEANUP(buf_deinit) struct buf other = backup_of(&key, 2 * BACKUP_CHUNK_BYTES, true);

    (void)state;
    memcpy(file.data + file.len - CHUNK_DISK, other.data + other.len - CHUNK_DISK, CHUNK_DISK);
    assert_int_equal(damage_of(buf_view(&file)), BACKUP_CHUNK_ALTERED);
}

static void backup_refuses_another_files_header(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf file = backup_of(&key, SMALL, true);
    ALM_CLEANUP(buf_deinit) struct buf other = backup_of(&key, SMALL, true);
    size_t chunk = CHUNK_FRONT + SMALL + SEAL_OVERHEAD;

    (void)state;
    memcpy(file.data, other.data, file.len - chunk);
    assert_int_equal(damage_of(buf_view(&file)), BACKUP_CHUNK_ALTERED);
}

static void backup_does_not_open_with_another_key(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf file = backup_of(&key, SMALL, true);
    uint64_t chunk;
    size_t octets;

    (void)state;
    assert_int_equal(read_back(buf_view(&file), &other_key, &chunk, &octets), BACKUP_OTHER_KEY);
    assert_int_equal(octets, 0);
}

static void backup_of_a_newer_version_says_so_and_other_files_are_none(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf file = backup_of(&key, SMALL, true);

    (void)state;
    file.data[17] = 2;
    assert_int_equal(damage_of(buf_view(&file)), BACKUP_NEWER);
    assert_int_equal(damage_of(bytes_str("not a backup, but longer than its magic")),
                     BACKUP_NOT_ONE);
}

static void backup_is_not_sealed_to_what_is_no_key(void **state)
{
    struct backup_header h = header_of(&key);
    struct backup_writer *w = NULL;

    (void)state;
    memset(h.to, 0, sizeof(h.to)); /* of small order */
    assert_int_equal(backup_writer_open(1, &h, &w), -EINVAL);
    assert_null(w);
}

static void backup_that_cannot_be_written_fails_and_does_not_claim_to_be_whole(void **state)
{
    ALM_CLEANUP(backup_writer_freep) struct backup_writer *w = NULL;
    struct backup_header h = header_of(&key);
    int full = open("/dev/full", O_WRONLY);

    (void)state;
    assert_true(full >= 0);
    assert_int_equal(backup_writer_open(full, &h, &w), -ENOSPC);
    assert_null(w);
    close(full);
}

/* --- keys --- */

static int make_key(const char *path, int days, struct backup_public_key *out)
{
    char pub[512];

    return backup_key_make(path, 20700, days, pub, sizeof(pub), out);
}

static void backup_key_is_private_opens_what_its_public_half_sealed_and_has_a_last_day(void **state)
{
    struct backup_public_key made, pub;
    struct backup_private_key priv;
    struct stat st;
    uint64_t chunk;
    size_t octets;

    (void)state;
    assert_int_equal(make_key(temp_path("k1"), 35, &made), 0);
    assert_int_equal(stat(temp_path("k1"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(backup_key_read_public(temp_path("k1.pub"), &pub), 0);
    assert_int_equal(backup_key_read_private(temp_path("k1"), &priv), 0);
    assert_int_equal(pub.expires_on, 20735);
    assert_memory_equal(pub.key, priv.pub.key, sizeof(pub.key));
    {
        ALM_CLEANUP(buf_deinit) struct buf file = backup_of(&priv.key, SMALL, true);

        assert_int_equal(read_back(buf_view(&file), &priv.key, &chunk, &octets), 0);
    }
    assert_int_equal(octets, SMALL);
}

static void backup_key_is_never_written_over_and_lasts_a_year_at_most(void **state)
{
    struct backup_public_key made;

    (void)state;
    assert_int_equal(make_key(temp_path("k2"), 1, &made), 0);
    assert_int_equal(make_key(temp_path("k2"), 1, &made), -EEXIST);
    assert_int_equal(unlink(temp_path("k2")), 0);
    assert_int_equal(make_key(temp_path("k2"), 1, &made), -EEXIST); /* the public half is there */
    assert_int_equal(make_key(temp_path("k3"), 0, &made), -ERANGE);
    assert_int_equal(make_key(temp_path("k3"), BACKUP_DAYS_MOST + 1, &made), -ERANGE);
    assert_int_equal(make_key(temp_path("none/k3"), 1, &made), -ENOENT);
}

static void backup_key_files_are_read_strictly(void **state)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "{\"almoner\":\"backup-public/1\"}",
        "{\"almoner\":\"backup-public/"
        "2\",\"made\":\"2026-01-01\",\"expires\":\"2026-02-01\",\"public\":"
        "\"00\"}",
        "{\"almoner\":\"backup-public/"
        "1\",\"made\":\"2026-01-01\",\"expires\":\"2026-02-30\",\"public\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\"}",
        "{\"almoner\":\"backup-public/"
        "1\",\"made\":\"2026-02-01\",\"expires\":\"2026-01-01\",\"public\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\"}",
        "{\"almoner\":\"backup-public/"
        "1\",\"made\":\"2026-01-01\",\"expires\":\"2026-02-01\",\"public\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\",\"more\":1}",
    };
    struct backup_public_key pub, made;
    struct backup_private_key priv;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++)
        assert_int_equal(backup_key_read_public(temp_text("bad.pub", bad[i]), &pub), -EINVAL);
    assert_int_equal(make_key(temp_path("k4"), 35, &made), 0);
    assert_int_equal(backup_key_read_public(temp_path("k4"), &pub), -EINVAL); /* the private one */
    assert_int_equal(chmod(temp_path("k4.pub"), 0600), 0);
    assert_int_equal(backup_key_read_private(temp_path("k4.pub"), &priv), -EINVAL);
    assert_int_equal(chmod(temp_path("k4"), 0640), 0);
    assert_int_equal(backup_key_read_private(temp_path("k4"), &priv), -EPERM);
}

static void backup_key_whose_halves_do_not_fit_is_none(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    struct backup_public_key made;
    struct backup_private_key priv;
    char *at;

    (void)state;
    buf_init(&text, 4096);
    assert_int_equal(make_key(temp_path("k5"), 35, &made), 0);
    assert_int_equal(file_read(temp_path("k5"), 4096, &text), 0);
    buf_put_u8(&text, 0);
    at = strstr((char *)text.data, "\"public\":\"") + 10;
    *at = *at == '0' ? '1' : '0';
    (void)temp_write("k5", text.data, text.len - 1);
    assert_int_equal(backup_key_read_private(temp_path("k5"), &priv), -EINVAL);
}

static void backup_key_destroyed_is_gone_and_nothing_else_ever_is(void **state)
{
    struct backup_public_key made;
    struct stat st;

    (void)state;
    assert_int_equal(make_key(temp_path("k6"), 35, &made), 0);
    assert_int_equal(backup_key_destroy(temp_path("k6")), 0);
    assert_int_not_equal(stat(temp_path("k6"), &st), 0);
    assert_int_equal(backup_key_destroy(temp_path("k6")), -ENOENT);
    assert_int_equal(chmod(temp_text("precious", "not a key"), 0600), 0);
    assert_int_equal(backup_key_destroy(temp_path("precious")), -EINVAL);
    assert_int_equal(stat(temp_path("precious"), &st), 0);
    assert_int_equal(st.st_size, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backup_comes_back_as_it_was_put_whatever_its_length),
        cmocka_unit_test(backup_notices_each_of_its_octets_flipped_in_turn),
        cmocka_unit_test(backup_notices_every_length_that_it_is_cut_to),
        cmocka_unit_test(backup_cut_between_two_chunks_or_never_finished_is_not_whole),
        cmocka_unit_test(backup_names_the_chunk_that_is_altered),
        cmocka_unit_test(backup_notices_chunks_that_changed_places_or_are_left_out),
        cmocka_unit_test(backup_notices_a_chunk_whose_number_was_rewritten),
        cmocka_unit_test(backup_notices_an_earlier_end),
        cmocka_unit_test(backup_notices_what_was_appended),
        cmocka_unit_test(backup_refuses_another_files_chunk_also_of_the_same_key),
        cmocka_unit_test(backup_refuses_another_files_header),
        cmocka_unit_test(backup_does_not_open_with_another_key),
        cmocka_unit_test(backup_of_a_newer_version_says_so_and_other_files_are_none),
        cmocka_unit_test(backup_is_not_sealed_to_what_is_no_key),
        cmocka_unit_test(backup_that_cannot_be_written_fails_and_does_not_claim_to_be_whole),
        cmocka_unit_test(
            backup_key_is_private_opens_what_its_public_half_sealed_and_has_a_last_day),
        cmocka_unit_test(backup_key_is_never_written_over_and_lasts_a_year_at_most),
        cmocka_unit_test(backup_key_files_are_read_strictly),
        cmocka_unit_test(backup_key_whose_halves_do_not_fit_is_none),
        cmocka_unit_test(backup_key_destroyed_is_gone_and_nothing_else_ever_is),
    };

    return cmocka_run_group_tests(tests, setup, temp_dir_teardown);
}
