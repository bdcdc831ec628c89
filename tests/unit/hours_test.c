/* Weekly hours on clocks that jump, and the board made of them. */
#include "unit/fixture.h"

#include "desk/care.h"
#include "desk/hours.h"
#include "desk/people.h"
#include "desk/repeat.h"

#define MINUTE ((int64_t)60 * 1000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* ---- week ---- */

static int64_t day_of(const char *date)
{
	int64_t day;
	assert_true(week_date_read(slice_of(date), &day));
	return day;
}

/* Hours in UTC after the beginning of that day in UTC. */
static int64_t utc(const char *date, int minutes)
{
	return day_of(date) * DAY + minutes * MINUTE;
}

static void test_dates(void **state)
{
	(void)state;
	char buf[WEEK_DATE_BYTES];
	int64_t day;
	assert_int_equal(day_of("1970-01-01"), 0);
	assert_int_equal(day_of("2000-02-29"), 11016);
	assert_int_equal(day_of("2026-11-23"), 20780);
	assert_string_equal(week_date(20780, buf), "2026-11-23");
	assert_int_equal(week_weekday(20780), 0); /* a Monday */
	assert_int_equal(week_weekday(0), 3);
	static const char *const bad[] = { "", "2026-02-29", "2026-13-01", "2026-00-10", "2026-1-01", "2026/01/01", "20260-1-01", "1969-12-31", "2026-01-0x", "2026-01-011" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(week_date_read(slice_of(bad[i]), &day));
	assert_false(week_date_read(SLICE_NONE, &day));
}

static void test_plain_zones(void **state)
{
	(void)state;
	struct week kolkata = WEEK("Asia/Kolkata"), nowhere = WEEK("No/Where"), honolulu = WEEK("Pacific/Honolulu");
	assert_int_equal(week_moment(&kolkata, day_of("2026-11-23"), 0), utc("2026-11-22", 18 * 60 + 30));
	assert_int_equal(week_hour(&kolkata, utc("2026-11-22", 18 * 60 + 30)), 0);
	assert_int_equal(week_hour(&kolkata, utc("2026-11-22", 18 * 60 + 29)), 167);
	assert_int_equal(week_day(&kolkata, utc("2026-11-22", 18 * 60 + 30)), day_of("2026-11-23"));
	assert_int_equal(week_moment(&nowhere, day_of("2026-11-23"), 26), utc("2026-11-24", 120));
	assert_int_equal(week_day(&honolulu, utc("2026-11-23", 9 * 60)), day_of("2026-11-22"));
	assert_int_equal(week_hour(&honolulu, utc("2026-11-23", 9 * 60)), 6 * 24 + 23);
}

/* Europe/Berlin, 29 March 2026: 2:00 is 3:00. */
static void test_an_hour_is_jumped_over(void **state)
{
	(void)state;
	struct week w = WEEK("Europe/Berlin");
	int64_t day = day_of("2026-03-29");
	assert_int_equal(week_moment(&w, day, 0), utc("2026-03-28", 23 * 60));
	assert_int_equal(week_moment(&w, day, 1), utc("2026-03-29", 0));
	assert_int_equal(week_moment(&w, day, 2), utc("2026-03-29", 60));
	assert_int_equal(week_moment(&w, day, 3), utc("2026-03-29", 60)); /* 2 to 3 has no length */
	assert_int_equal(week_moment(&w, day, 4), utc("2026-03-29", 120));
	assert_int_equal(week_moment(&w, day, 24), utc("2026-03-29", 22 * 60));
	/* Saturday 22:00 to Sunday 6:00 is seven hours long. */
	assert_int_equal(week_moment(&w, day - 1, 30) - week_moment(&w, day - 1, 22), 7 * HOUR);
	assert_int_equal(week_hour(&w, utc("2026-03-29", 59)), 6 * 24 + 1);
	assert_int_equal(week_hour(&w, utc("2026-03-29", 60)), 6 * 24 + 3);
}

/* 25 October 2026: 2:00 to 3:00 comes twice. */
static void test_an_hour_comes_twice(void **state)
{
	(void)state;
	struct week w = WEEK("Europe/Berlin");
	int64_t day = day_of("2026-10-25");
	assert_int_equal(week_moment(&w, day, 2), utc("2026-10-25", 0));
	assert_int_equal(week_moment(&w, day, 3), utc("2026-10-25", 120)); /* both are in the hour from 2 to 3 */
	assert_int_equal(week_hour(&w, utc("2026-10-25", 30)), 6 * 24 + 2);
	assert_int_equal(week_hour(&w, utc("2026-10-25", 90)), 6 * 24 + 2);
	assert_int_equal(week_moment(&w, day + 1, 0), utc("2026-10-25", 23 * 60));
}

/* Whatever the clock does, the hours of a day tile it: no gap, no overlap, and each begins where its name says. */
static void test_hours_tile_the_year(void **state)
{
	(void)state;
	static const char *const zones[] = { "Etc/UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca", "Asia/Tehran" };
	for (size_t z = 0; z < sizeof(zones) / sizeof(*zones); z++) {
		struct week w = WEEK(zones[z]);
		for (int64_t day = day_of("2026-01-01"), end = day_of("2027-01-01"); day < end; day++) {
			assert_int_equal(week_moment(&w, day, 24), week_moment(&w, day + 1, 0));
			for (int hour = 0; hour < 24; hour++) {
				int64_t from = week_moment(&w, day, hour), until = week_moment(&w, day, hour + 1);
				assert_true(until >= from && until - from <= 2 * HOUR);
				if (until > from) {
					assert_int_equal(week_hour(&w, from), week_weekday(day) * 24 + hour);
					assert_int_equal(week_hour(&w, until - 1), week_weekday(day) * 24 + hour);
				}
			}
		}
	}
}

/* ---- the board ---- */

static int setup(void **state)
{
	struct fixture *f = fixture_open();
	struct error e = { 0 };
	setenv("PORCHLIGHT_TIME_ZONE", "Europe/Berlin", 1);
	MUST(conf_load(NULL, &e));
	*state = f;
	return 0;
}

static void sql(struct fixture *f, const char *text)
{
	char *why = NULL;
	if (sqlite3_exec(f->raw, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
}

static int64_t person(struct fixture *f, const char *name, enum role role)
{
	struct people_new n = { .login = slice_of(name), .name = SLICE("Somebody"), .role = role };
	struct error e = { 0 };
	int64_t id;
	MUST(people_add(&f->desk, f->db, NULL, &n, NULL, &id, &e));
	return id;
}

static struct actor actor(int64_t account, enum role role)
{
	return (struct actor){ .account = account, .role = role, .name = SLICE("x") };
}

static int64_t put(struct fixture *f, int64_t account, int start, int length)
{
	struct actor who = actor(account, ROLE_HELPER);
	struct error e = { 0 };
	int64_t id;
	MUST(hours_put(&f->desk, &who, start, length, NULL, &id, &e));
	return id;
}

static enum err try_put(struct fixture *f, int64_t account, int start, int length, struct error *e)
{
	struct actor who = actor(account, ROLE_HELPER);
	int64_t id;
	return hours_put(&f->desk, &who, start, length, NULL, &id, e);
}

static struct hours_board *board(struct fixture *f, int64_t now)
{
	struct hours_board *b;
	struct error e = { 0 };
	MUST(hours_board(f->db, f->arena, now, &b, &e));
	return b;
}

static void question(struct fixture *f, int64_t asked, const char *state)
{
	static int next = 1;
	char text[400];
	snprintf(text, sizeof(text), "INSERT INTO tickets (id, state, asked, anchor, changed, seed, token) VALUES (%d, '%s', %lld, 0, 0, x'00', x'%08x')", next,
		 state, (long long)asked, (unsigned)next);
	next++;
	sql(f, text);
}

static void test_put_and_withdraw(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };
	int64_t anna = person(f, "anna", ROLE_HELPER), ben = person(f, "ben", ROLE_HELPER), again;
	int64_t id = put(f, anna, 18, 3);
	assert_int_equal(put(f, anna, 18, 3), id); /* the second click */
	assert_int_not_equal(put(f, ben, 18, 3), id);
	assert_int_equal(try_put(f, anna, 20, 2, &e), ERR_CONFLICT);
	assert_string_equal(e.field, "length");
	assert_int_equal(try_put(f, anna, 17, 2, &e), ERR_CONFLICT);
	assert_int_equal(try_put(f, anna, 18, 2, &e), ERR_CONFLICT);
	put(f, anna, 21, 1); /* next to it is not over it */
	put(f, anna, 167, 5); /* Sunday 23:00 to Monday 4:00 */
	assert_int_equal(try_put(f, anna, 3, 2, &e), ERR_CONFLICT);
	put(f, anna, 4, 2);
	assert_int_equal(try_put(f, anna, 168, 1, &e), ERR_INVALID);
	assert_int_equal(try_put(f, anna, -1, 1, &e), ERR_INVALID);
	assert_int_equal(try_put(f, anna, 50, 0, &e), ERR_INVALID);
	assert_int_equal(try_put(f, anna, 50, 24, &e), ERR_INVALID);

	struct actor a = actor(anna, ROLE_HELPER), b = actor(ben, ROLE_HELPER), m = actor(person(f, "mora", ROLE_MODERATOR), ROLE_MODERATOR);
	assert_int_equal(hours_end(&f->desk, &b, id, &e), ERR_FORBIDDEN);
	MUST(hours_end(&f->desk, &a, id, &e));
	assert_int_equal(hours_end(&f->desk, &a, id, &e), ERR_NOT_FOUND);
	again = put(f, anna, 18, 3);
	assert_int_not_equal(again, id); /* a stale page withdraws nobody else's */
	sqlite3_stmt *s;
	assert_int_equal(sqlite3_prepare_v2(f->raw, "SELECT count(*) FROM audit WHERE action LIKE 'hours.%'", -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(s, 0), 0); /* one's own is nobody's business */
	sqlite3_reset(s);
	MUST(hours_end(&f->desk, &m, again, &e));
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(s, 0), 1);
	sqlite3_finalize(s);
}

static void test_not_on_this_day(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };
	int64_t anna = person(f, "anna", ROLE_HELPER), now = clock_wall_ms();
	struct week w = WEEK("Europe/Berlin");
	int64_t today = week_day(&w, now);
	struct actor a = actor(anna, ROLE_HELPER), other = actor(person(f, "ben", ROLE_HELPER), ROLE_HELPER);
	int64_t id = put(f, anna, week_weekday(today + 2) * 24 + 9, 2);
	assert_int_equal(hours_off(&f->desk, &other, id, today + 2, true, &e), ERR_FORBIDDEN);
	assert_int_equal(hours_off(&f->desk, &a, id, today + 1, true, &e), ERR_INVALID);
	assert_int_equal(hours_off(&f->desk, &a, id, today - 5, true, &e), ERR_INVALID);
	assert_int_equal(hours_off(&f->desk, &a, id, today + 2 + 35, true, &e), ERR_INVALID);
	for (int i = 0; i < 2; i++) { /* twice is once */
		MUST(hours_off(&f->desk, &a, id, today + 2, true, &e));
		assert_true(board(f, now)->days[2].stays[0].off);
	}
	MUST(hours_off(&f->desk, &a, id, today + 2, false, &e));
	assert_false(board(f, now)->days[2].stays[0].off);
	MUST(hours_off(&f->desk, &a, id, today + 2, true, &e));
	MUST(hours_end(&f->desk, &a, id, &e));
	int64_t again = put(f, anna, week_weekday(today + 2) * 24 + 9, 2);
	assert_int_not_equal(again, id);
	assert_false(board(f, now)->days[2].stays[0].off);
}

/* Days off far ahead push none of this week's off the board. */
static void test_many_days_off(void **state)
{
	struct fixture *f = *state;
	int64_t now = clock_wall_ms(), anna = person(f, "anna", ROLE_HELPER), ben = person(f, "ben", ROLE_HELPER), carl = person(f, "carl", ROLE_HELPER);
	struct week w = WEEK("Europe/Berlin");
	int64_t today = week_day(&w, now);
	struct actor c = actor(carl, ROLE_HELPER);
	struct error e = { 0 };
	char text[400];

	snprintf(text, sizeof(text),
		"WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 167) "
		"INSERT INTO hours (account, start, length) SELECT a.id, i, 1 FROM n, accounts a WHERE a.id IN (%d, %d)", (int)anna, (int)ben);
	sql(f, text);
	snprintf(text, sizeof(text),
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 7) "
		"INSERT INTO hours_off (hours, day) SELECT h.id, %d + i FROM n, hours h", (int)today + 7);
	sql(f, text);
	int64_t id = put(f, carl, week_weekday(today + 2) * 24 + 9, 2);
	MUST(hours_off(&f->desk, &c, id, today + 2, true, &e));
	struct hours_day *day = &board(f, now)->days[2];
	for (size_t i = 0; i < day->stay_count; i++)
		if (day->stays[i].span->id == id)
			assert_true(day->stays[i].off);
}

/* Monday 2026-11-23, 15:30 in Berlin. */
static void test_the_week(void **state)
{
	struct fixture *f = *state;
	int64_t now = utc("2026-11-23", 14 * 60 + 30);
	int64_t anna = person(f, "anna", ROLE_HELPER), tria = person(f, "tria", ROLE_TRIAL), gone = person(f, "gone", ROLE_HELPER);
	sql(f, "UPDATE accounts SET langs = 'en,de' WHERE login = 'anna'");
	put(f, anna, 9, 2);            /* today, over */
	put(f, anna, 6 * 24 + 22, 10); /* since yesterday, over; and next Sunday into the night */
	put(f, anna, 24 + 18, 3);      /* tomorrow */
	put(f, tria, 14, 4);
	put(f, gone, 15, 2);
	sql(f, "UPDATE accounts SET disabled = 1 WHERE login = 'gone'");
	struct hours_board *b = board(f, now);
	assert_int_equal(b->days[0].day, day_of("2026-11-23"));
	assert_int_equal(b->days[0].stay_count, 2);
	assert_true(b->days[0].stays[0].over);
	assert_true(b->days[0].stays[1].span->trial);
	assert_int_equal(b->days[1].stays[0].from, utc("2026-11-24", 17 * 60));
	assert_int_equal(b->days[1].stays[0].until, utc("2026-11-24", 20 * 60));
	assert_int_equal(b->days[6].stays[0].until - b->days[6].stays[0].from, 10 * HOUR);
	assert_false(b->known);
	assert_int_equal(b->gaps, 0);
	for (size_t i = 0; i < b->lang_count; i++)
		assert_int_equal(b->langs[i].hours, slice_is(b->langs[i].code, "ar") ? 0 : 3 + 2); /* of Sunday's night only what is in the seven days */
	b = board(f, utc("2026-11-23", 6 * 60)); /* 7:00: Sunday's night goes on */
	assert_int_equal(b->days[0].stays[0].day, day_of("2026-11-22"));
	assert_int_equal(b->days[0].stay_count, 3);

	int hours[WEEK_HOURS], sum = 0;
	hours_by_hour(b->spans, b->span_count, hours);
	for (int i = 0; i < WEEK_HOURS; i++)
		sum += hours[i];
	assert_int_equal(sum, 2 + 10 + 3); /* neither trial nor gone */
	assert_int_equal(hours[7], 1);     /* Monday 7:00, of Sunday's night */
	assert_int_equal(hours[8], 0);
}

/* A question came each Tuesday at 10 and at 11, once on a Friday. Nobody is there on Tuesday at 11. */
static void test_gaps(void **state)
{
	struct fixture *f = *state;
	int64_t now = utc("2026-11-23", 14 * 60 + 30), tuesday = utc("2026-11-17", 9 * 60);
	int64_t anna = person(f, "anna", ROLE_HELPER), tria = person(f, "tria", ROLE_TRIAL);
	for (int week = 0; week < 4; week++)
		for (int k = 0; k < 2; k++) {
			question(f, tuesday - week * 7 * DAY + 10 * MINUTE, "closed");
			question(f, tuesday - week * 7 * DAY + HOUR, "queued");
		}
	for (int i = 0; i < 3; i++)
		question(f, tuesday + 3 * DAY, "closed"); /* a burst in one week is not usual */
	for (int week = 0; week < 4; week++)
		question(f, tuesday - week * 7 * DAY + 5 * HOUR, "spam");
	assert_false(board(f, now)->known);
	question(f, tuesday - 2 * DAY, "closed");
	struct hours_board *b = board(f, now);
	assert_true(b->known);
	assert_int_equal(b->gaps, 1);
	assert_int_equal(b->days[1].gap_count, 1);
	assert_int_equal(b->days[1].gaps[0].from, utc("2026-11-24", 9 * 60));
	assert_int_equal(b->days[1].gaps[0].until, utc("2026-11-24", 11 * 60));
	assert_int_equal(b->days[1].gaps[0].asked, 16);
	assert_int_equal(b->days[1].gaps[0].start, 24 + 10);
	assert_int_equal(b->days[1].gaps[0].length, 2);
	put(f, tria, 24 + 9, 4);
	assert_int_equal(board(f, now)->gaps, 1); /* who is on trial is no staffing */
	int64_t id = put(f, anna, 24 + 10, 1);
	b = board(f, now);
	assert_int_equal(b->days[1].gaps[0].start, 24 + 11);
	assert_int_equal(b->days[1].gaps[0].length, 1);
	char text[100];
	snprintf(text, sizeof(text), "INSERT INTO hours_off (hours, day) VALUES (%lld, %lld)", (long long)id, (long long)day_of("2026-11-24"));
	sql(f, text);
	assert_int_equal(board(f, now)->days[1].gaps[0].length, 2); /* not on this day */
	/* On that Tuesday at 10:30 the hour that has begun is still coming, at 11:00 it is over. */
	sql(f, "DELETE FROM hours");
	assert_int_equal(board(f, utc("2026-11-24", 9 * 60 + 30))->days[0].gaps[0].length, 2);
	assert_int_equal(board(f, utc("2026-11-24", 10 * 60))->days[0].gaps[0].length, 1);
	assert_int_equal(board(f, utc("2026-11-24", 11 * 60))->days[0].gap_count, 0);
}

/* A question on each of four Sundays between 2 and 3; on the fourth that hour is jumped over, then it is no gap. */
static void test_a_gap_that_the_clock_jumps_over(void **state)
{
	struct fixture *f = *state;
	int64_t sunday = utc("2026-03-22", 90);
	for (int week = 0; week < 4; week++)
		for (int k = 0; k < 7; k++)
			question(f, sunday - week * 7 * DAY, "closed");
	assert_int_equal(board(f, utc("2026-03-23", 12 * 60))->gaps, 0);
	struct hours_board *b = board(f, utc("2026-03-30", 12 * 60)); /* seen from the Monday after: 5 April has that hour */
	assert_int_equal(b->gaps, 1);
	assert_int_equal(b->days[6].gaps[0].from, utc("2026-04-05", 0));
}

static void test_an_account_that_ends(void **state)
{
	struct fixture *f = *state;
	struct error e = { 0 };
	int64_t anna = person(f, "anna", ROLE_HELPER);
	struct week w = WEEK("Europe/Berlin");
	int64_t today = week_day(&w, clock_wall_ms());
	struct actor a = actor(anna, ROLE_HELPER);
	int64_t id = put(f, anna, week_weekday(today + 1) * 24, 2);
	MUST(hours_off(&f->desk, &a, id, today + 1, true, &e));
	MUST(people_change(&f->desk, f->db, NULL, anna, &(struct people_change){ .disabled = 1 }, &e));
	MUST(people_change(&f->desk, f->db, NULL, anna, &(struct people_change){ .disabled = 0 }, &e));
	assert_int_equal(board(f, clock_wall_ms())->span_count, 0);
	sqlite3_stmt *s;
	assert_int_equal(sqlite3_prepare_v2(f->raw, "SELECT (SELECT count(*) FROM hours), (SELECT count(*) FROM hours_off)", -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(s, 0) + sqlite3_column_int(s, 1), 0);
	sqlite3_finalize(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_plain_zones),
		cmocka_unit_test(test_an_hour_is_jumped_over),
		cmocka_unit_test(test_an_hour_comes_twice),
		cmocka_unit_test(test_hours_tile_the_year),
		cmocka_unit_test_setup_teardown(test_put_and_withdraw, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_on_this_day, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_days_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_week, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gaps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_gap_that_the_clock_jumps_over, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_account_that_ends, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
