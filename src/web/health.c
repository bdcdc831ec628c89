/*
 * health: is the process there, can it work, and what are its figures. Handlers only; the figures are named in web/metrics.def.
 */
#include <inttypes.h>

#include "base/clock.h"
#include "desk/attack.h"
#include "desk/gate.h"
#include "desk/queue.h"
#include "desk/presence.h"
#include "desk/proof.h"
#include "desk/rule_life.h"
#include "desk/rulebook.h"
#include "web/exchange.h"
#include "web/handlers.h"
#include "web/problem.h"
#include "web/server.h"

enum metric_id {
#define METRIC(name, type, doc) METRIC_##name,
#include "web/metrics.def"
#undef METRIC
	METRIC_COUNT
};

static const struct {
	const char *name, *type, *doc;
} metrics[METRIC_COUNT] = {
#define METRIC(name, type, doc) { #name, #type, doc },
#include "web/metrics.def"
#undef METRIC
};

enum err health_process(struct request *rq, struct response *rs, struct error *e)
{
	static struct kept kept;
	(void)rq;
	(void)e;
	response_type(rs, "application/json");
	response_fixed(rs, SLICE("{\"status\":\"ok\"}"), &kept);
	return ERR_OK;
}

enum err health_ready(struct request *rq, struct response *rs, struct error *e)
{
	int64_t version;
	struct error trouble = { 0 };
	bool database = db_version(rq->db, &version, &trouble) == ERR_OK;
	/* A rule file with errors is no reason to take the desk out of service: the last good rules go on (P6). */
	bool rules = rq->desk->rulebook != NULL && rulebook_serves(rq->desk->rulebook);
	struct jv *v;
	if (database && rules) {
		v = jv_set_string(jv_object(), "status", "ready");
	} else {
		err_set(&trouble, ERR_BUSY, "%s", !database ? "The database cannot be read." :
			"No rules are there to judge by.");
		v = problem_tree(503, &trouble);
		response_header(rs, "Retry-After", "5");
	}
	v = jv_set_bool(v, "database", database);
	v = jv_set_bool(v, "rules", rules);
	enum err r = response_json(rs, database && rules ? 200 : 503, v, e);
	if (!database || !rules)
		response_type(rs, "application/problem+json");
	return r;
}

static void head(struct str *out, enum metric_id id)
{
	str_addf(out, "# HELP %s %s\n# TYPE %s %s\n", metrics[id].name, metrics[id].doc, metrics[id].name, metrics[id].type);
}

static void whole(struct str *out, enum metric_id id, int64_t value)
{
	head(out, id);
	str_addf(out, "%s %" PRId64 "\n", metrics[id].name, value);
}

static void seconds(struct str *out, enum metric_id id, int64_t us)
{
	head(out, id);
	str_addf(out, "%s %.6f\n", metrics[id].name, (double)us / 1e6);
}

static void labelled(struct str *out, enum metric_id id, const char *label, const char *which, int64_t value)
{
	str_addf(out, "%s{%s=\"%s\"} %" PRId64 "\n", metrics[id].name, label, which, value);
}

enum err health_metrics(struct request *rq, struct response *rs, struct error *e)
{
	static const char *const classes[] = { "1xx", "2xx", "3xx", "4xx", "5xx" };
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
	struct str *out = response_body(rs);
	struct web *web = rq->exchange->web;
	struct web_figures w = web_figures(web);
	struct hub_figures h = hub_figures(rq->desk->hub);
	struct writer_figures d = writer_figures(rq->desk->writer);
	struct gate_figures g = gate_figures();

	seconds(out, METRIC_porchlight_up_seconds, w.up_us);
	whole(out, METRIC_porchlight_http_connections, w.connections);
	whole(out, METRIC_porchlight_http_connections_max, w.connections_max);
	head(out, METRIC_porchlight_http_requests_total);
	for (size_t i = 0; i < routes_count; i++) {
		struct web_route_figures f = web_route_figures(web, i);
		for (int c = 0; c < 5; c++)
			if (f.answers[c] > 0)
				str_addf(out, "porchlight_http_requests_total{method=\"%s\",route=\"%s\",class=\"%s\"} %" PRId64 "\n", methods[routes[i].method],
					routes[i].path, classes[c], f.answers[c]);
	}
	head(out, METRIC_porchlight_http_request_seconds_sum);
	for (size_t i = 0; i < routes_count; i++) {
		struct web_route_figures f = web_route_figures(web, i);
		if (f.sum_us > 0)
			str_addf(out, "porchlight_http_request_seconds_sum{method=\"%s\",route=\"%s\"} %.6f\n", methods[routes[i].method], routes[i].path,
				(double)f.sum_us / 1e6);
	}
	whole(out, METRIC_porchlight_http_in_flight, w.in_flight);
	whole(out, METRIC_porchlight_http_refused_heads_total, w.refused_heads);
	whole(out, METRIC_porchlight_http_refused_busy_total, w.refused_busy);
	head(out, METRIC_porchlight_pool_queued);
	labelled(out, METRIC_porchlight_pool_queued, "pool", "workers", (int64_t)w.queued_workers);
	labelled(out, METRIC_porchlight_pool_queued, "pool", "screening", (int64_t)w.queued_ask);
	labelled(out, METRIC_porchlight_pool_queued, "pool", "passwords", (int64_t)w.queued_password);
	labelled(out, METRIC_porchlight_pool_queued, "pool", "slow", (int64_t)w.queued_slow);
	whole(out, METRIC_porchlight_streams, w.streams);
	whole(out, METRIC_porchlight_hub_topics, (int64_t)h.topics);
	whole(out, METRIC_porchlight_hub_frames_total, (int64_t)h.frames_out);
	whole(out, METRIC_porchlight_hub_cut_total, (int64_t)h.cut);
	whole(out, METRIC_porchlight_writer_commits_total, d.commits);
	whole(out, METRIC_porchlight_writer_commands_total, d.commands);
	whole(out, METRIC_porchlight_writer_failed_commits_total, d.failed_commits);
	whole(out, METRIC_porchlight_writer_reruns_total, d.reruns);
	head(out, METRIC_porchlight_writer_queued);
	labelled(out, METRIC_porchlight_writer_queued, "lane", "talk", d.queued[LANE_TALK]);
	labelled(out, METRIC_porchlight_writer_queued, "lane", "ask", d.queued[LANE_ASK]);
	seconds(out, METRIC_porchlight_writer_last_commit_seconds, d.last_commit_us);
	whole(out, METRIC_porchlight_writer_max_batch, d.max_batch);
	head(out, METRIC_porchlight_screened_total);
	for (int i = 0; i < ACTION_COUNT; i++)
		labelled(out, METRIC_porchlight_screened_total, "action", action_name((enum action)i), g.screened[i]);
	seconds(out, METRIC_porchlight_screen_seconds_sum, g.screen_us_total);
	seconds(out, METRIC_porchlight_screen_seconds_max, g.screen_us_max);
	whole(out, METRIC_porchlight_screen_errors_total, g.errors);
	int64_t laid[RULE_STATE_COUNT], words[RULE_STATE_COUNT];
	enum err err = rule_life_counts(rq->db, laid, words, e);
	if (err)
		return err;
	head(out, METRIC_porchlight_rules_held_back);
	for (int i = RULE_QUARANTINED; i < RULE_STATE_COUNT; i++)
		if (rule_state_holds_back((enum rule_state)i))
			labelled(out, METRIC_porchlight_rules_held_back, "state", rule_state_name((enum rule_state)i), laid[i] + words[i]);
	struct proof_figures p = proof_figures();
	head(out, METRIC_porchlight_challenges_total);
	labelled(out, METRIC_porchlight_challenges_total, "result", "offered", p.offered);
	labelled(out, METRIC_porchlight_challenges_total, "result", "solved", p.solved);
	labelled(out, METRIC_porchlight_challenges_total, "result", "answered", p.answered);
	labelled(out, METRIC_porchlight_challenges_total, "result", "skipped", p.skipped);
	labelled(out, METRIC_porchlight_challenges_total, "result", "wrong", p.wrong);
	struct queue_counts waiting;
	int64_t oldest_s;
	if ((err = queue_count(rq->db, &(struct actor){ .role = ROLE_MODERATOR }, &waiting, e)) || (err = queue_oldest(rq->db, &oldest_s, e)))
		return err;
	whole(out, METRIC_porchlight_waiting, waiting.unassigned);
	whole(out, METRIC_porchlight_waiting_oldest_seconds, oldest_s);
	whole(out, METRIC_porchlight_on_duty, (int64_t)presence_on_duty(rq->desk->presence, clock_wall_ms()));
	struct attack attack;
	if ((err = attack_read(rq->db, &attack, e)))
		return err;
	whole(out, METRIC_porchlight_attack_step, attack.step);
	whole(out, METRIC_porchlight_rules_good, rq->desk->rulebook && rulebook_good(rq->desk->rulebook));
	if (str_failed(out))
		return err_nomem(e);
	response_type(rs, "text/plain; version=0.0.4; charset=utf-8");
	return ERR_OK;
}
