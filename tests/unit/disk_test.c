/* Files that are there whole, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>

#include "base/disk.h"
#include "base/str.h"
#include "unit/tmpdir.h"

static char *folder, path[300], part[310];

static int setup(void **state)
{
	(void)state;
	folder = tmpdir_make();
	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(part, sizeof(part), "%s.part", path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tmpdir_remove(folder);
	return 0;
}

static void holds(const char *wanted)
{
	struct str s;
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	str_init(&s, 1 << 20);
	assert_true(str_add_fd(&s, fileno(f)));
	fclose(f);
	assert_string_equal(str_c(&s), wanted);
	str_fini(&s);
	assert_int_not_equal(access(part, F_OK), 0);
}

static void takes_the_place_of_the_old_one(void **state)
{
	struct stat st;

	(void)state;
	assert_true(disk_replace(path, 0600, SLICE("one")));
	holds("one");
	assert_true(disk_replace(path, 0600, SLICE("")));
	holds("");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* What a crash left there, or somebody put there, is not written through. */
static void a_link_in_its_way_is_removed(void **state)
{
	char other[300];

	(void)state;
	snprintf(other, sizeof(other), "%s/other", folder);
	assert_int_equal(symlink(other, part), 0);
	assert_true(disk_replace(path, 0600, SLICE("two")));
	holds("two");
	assert_int_not_equal(access(other, F_OK), 0);
}

static void what_cannot_be_written_leaves_the_old_one(void **state)
{
	struct rlimit old, small;

	(void)state;
	assert_true(disk_replace(path, 0600, SLICE("old")));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 4;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	bool good = disk_replace(path, 0600, SLICE("much longer"));
	int why = errno;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_false(good);
	assert_int_equal(why, EFBIG);
	holds("old");
	assert_false(disk_replace("/nowhere/at/all", 0600, SLICE("x")));
	assert_int_equal(errno, ENOENT);
	assert_false(disk_sync_folder_of("/nowhere/at"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(takes_the_place_of_the_old_one),
		T(a_link_in_its_way_is_removed),
		T(what_cannot_be_written_leaves_the_old_one),
	};
	return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}
