/* Placeholders are filled with what fits, and code that has none stays as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "identify/internal.h"

#define KEY "%{key}"

static const struct {
    const char *text;
    const char *filled; /* NULL: nothing is to be filled */
} rows[] = {
    {"curl -H 'Authorization: Bearer <your-api-key>'", "curl -H 'Authorization: Bearer " KEY "'"},
    /* a key that the machine has stays, but not in a file or in another's argument */
    {"export TOKEN=YOUR_TOKEN", "export TOKEN=${TOKEN:-" KEY "}"},
    {"export OPENAI_API_KEY=sk-...", "export OPENAI_API_KEY=${OPENAI_API_KEY:-sk-" KEY "}"},
    {"cd x && K=\"<your-key>\" y", "cd x && K=\"${K:-" KEY "}\" y"},
    {"K='<your-key>' y", "K=''\"${K:-" KEY "}\"'' y"},
    {"cat <<E\n\tE\ncat <<<E\nK=<key>", "cat <<E\n\tE\ncat <<<E\nK=${K:-" KEY "}"},
    {"cat >.env <<'E'\nK=<key>\nE\n", "cat >.env <<'E'\nK=" KEY "\nE\n"},
    {"tool -e K=<key>", "tool -e K=" KEY},
    {"k=<key>", "k=" KEY},
    {"echo ghp_xxxxxxxx", "echo ghp_" KEY},
    {"convert /path/to/photo.jpg out.png", "convert %{home}/Pictures/desk.jpg out.png"},
    {"convert path/to/x.mp3", "convert %{home}/Music/memo.mp3"},
    {"export DATABASE_URL=<your-database-url>",
     "export DATABASE_URL=postgresql://app:app@db.example.com:5432/app"},
    {"tool --redis <redis-host>", "tool --redis redis://cache.example.com:6379"},
    {"mails /path/to/mailbox.mbox", "mails %{home}/Mail/archive.mbox"},
    {"mails path/to/Maildir <message.eml>",
     "mails %{home}/Mail/inbox %{home}/Downloads/release.eml"},
    {"tool \"<path/to/report.pdf>\"", "tool \"%{home}/Documents/invoice.pdf\""},
    {"weather --city <city name>", "weather --city Berlin"},
    {"tool --format <json|text>", "tool --format json"},
    {"tool [options] <file>", "tool  %{home}/Documents/standup.md"},
    {"tool [YOUR_API_KEY]", "tool " KEY},
    {"python3 {baseDir}/scripts/x.py", "python3 %{tree}/skills/one/scripts/x.py"},
    {"cd /path/to/project", "cd %{home}/projects"},
    {"mail your-email@company.com", "mail alex@example.com"},
    {"echo your_username", "echo alex"},
    /* what only looks like one */
    {"cat <in >out", NULL},
    {"cat <<EOF >out\n<div>x</div><br>\nEOF", NULL},
    {"if a <b and c> d: pass", NULL},
    {"std::vector<int> v; list<file> w", NULL},
    {"[ -f x ] && [[ a == b ]] && ls [a-z]* [0-9]", NULL},
    {"arr[i]=1; x[file]=2", NULL},
    {"echo $YOUR_TOKEN ${YOUR_TOKEN} YOUR_TOKEN=1", NULL},
    {"curl https://example.com/path/to/page", NULL},
    {"echo <name>x</name>", NULL},
    {"echo {a,b} ${x} {}", NULL},
    {"awk '{print $1}' <(ls) 2>&1", NULL},
    {"", NULL},
    {"<", NULL},
    {"<a", NULL},
    {"[", NULL},
    {"{baseDir", NULL},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(rows); i++) {
        struct vb_id id = {0};
        struct vb_buf out;
        const struct vb_id_code code = {.at = {"skills/one/SKILL.md", 1},
                                        .interpreter = "bash",
                                        .text = rows[i].text,
                                        .len = strlen(rows[i].text)};
        vb_buf_init(&out, 4096);
        const bool filled = vb_id_fill(&id, &code, &out);
        if (filled != (rows[i].filled != NULL))
            fail_msg("%s: %s", rows[i].text, filled ? (const char *)out.data : "not filled");
        if (filled)
            assert_string_equal((const char *)out.data, rows[i].filled);
        vb_buf_done(&out);
    }
}

static void test_no_room(void **state)
{
    (void)state;
    struct vb_id id = {0};
    struct vb_buf out;
    const char *text = "echo <your-api-key> <your-api-key>";
    const struct vb_id_code code = {
        .at = {"SKILL.md", 1}, .interpreter = "sh", .text = text, .len = strlen(text)};
    vb_buf_init(&out, 12);
    assert_false(vb_id_fill(&id, &code, &out));
    assert_int_equal(id.status, VB_OK);
    vb_buf_done(&out);
}

static void test_fitting(void **state)
{
    (void)state;
    assert_string_equal(vb_id_fitting("video"), "report"); /* no "id" */
    assert_string_equal(vb_id_fitting("user_id"), "3");
    assert_string_equal(vb_id_fitting(""), "report");
    assert_string_equal(vb_id_fitting("API_KEY"), KEY);
}

/* Arguments of commands: of pages whose host puts them in, and of no others. */
static void test_arguments(void **state)
{
    static const struct {
        const char *path, *form, *text, *filled;
    } cases[] = {
        {"commands/fix.md", "fence", "gh pr view $2 --note \"$ARGUMENTS\"",
         "gh pr view main --note \"report\""},
        {"p/commands/fix.md", "inline", "a '$ARGUMENTS[0]' $1 $9", "a 'report' report 3"},
        {"skills/one/SKILL.md", "substitution", "git log $1", "git log report"},
        {"commands/fix.md", "fence", "awk '{print $1}' x; echo $10 $0 $", NULL},
        {"skills/one/SKILL.md", "fence", "f() { echo $1 $ARGUMENTS; }", NULL},
    };
    (void)state;
    for (size_t i = 0; i < VB_ARRAY_LEN(cases); i++) {
        struct vb_id id = {0};
        VB_CLEANUP(vb_buf_done) struct vb_buf out;
        const struct vb_id_code code = {.at = {cases[i].path, 1},
                                        .form = cases[i].form,
                                        .interpreter = "bash",
                                        .text = cases[i].text,
                                        .len = strlen(cases[i].text)};
        vb_buf_init(&out, 4096);
        const bool filled = vb_id_fill(&id, &code, &out);
        assert_int_equal(filled, cases[i].filled != NULL);
        if (filled)
            assert_string_equal((const char *)out.data, cases[i].filled);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows), cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_no_room), cmocka_unit_test(test_fitting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
