/* lesson3h.c -- the checks of the exercises of lesson 3½. */
#include "check.h"
#include "lines.h"

#include <signal.h>
#include <string.h>

static const size_t MIB = (size_t)1024 * 1024;

/* -- 3h.1 ------------------------------------------------------------------ */

/* More than one queue, in pieces that each fit at once. */
static void says_many_pages(int client)
{
    enum { PAGE = 3000, PAGES = 20 };
    static char page[PAGE], answer[PAGE];

    memset(page, 'p', PAGE);
    memset(answer, 'P', PAGE);
    step("A says %d pages of %d bytes, and hears each at once", PAGES, PAGE);
    for (int i = 0; i < PAGES; i++) {
        client_send(client, page, PAGE);
        client_expect(client, answer, PAGE);
    }
}

static void story_3h_1(void)
{
    struct lines late = {.name = "L"};
    int a;

    server_starts();
    a = connects("A");
    because("An echo in upper case: it answers what was said, and all of it.");
    asks(a, "Hello, World!\n", "HELLO, WORLD!\n");
    because("Together that is more than the queue has room for, but each page "
            "was sent before the next one came. Is the room used again?");
    says_many_pages(a);
    because(
        "L reads nothing. In the end there is no room on the way to it, and "
        "send() takes a part, or fails with EAGAIN. That is neither a "
        "reason to close L nor to wait for it: A wants to be served.");
    late.client = connects_small("L");
    step("L says lines until nothing more goes, and reads nothing; A is "
         "answered");
    lines_say_until_full(&late, 7 * MIB, a);
    because("L's queue is full, and there is no room on the way to it. Nothing "
            "can be done for L until it reads.");
    server_sleeps("while L does not read");
    because("L was not served to the end, although it said no goodbye.");
    step("L hears all lines, in their order");
    lines_hear(&late);
    because("All of L's lines were kept in the server's memory. While there is "
            "no room in the queue L is not to be read from: its lines wait "
            "where they are.");
    step("L could not say everything before it was heard");
    if (late.said == 7 * MIB)
        fail_with("expected the server to stop reading from L, it took %zu MiB",
                  late.said / MIB);
    because(NULL);
    leaves(late.client);
    asks(a, "still there?\n", "STILL THERE?\n");
    server_sleeps("when all is said");
    server_ends_well();
}

static void check_3h_1(void)
{
    on_every_selector(story_3h_1);
}

/* -- 3h.2 ------------------------------------------------------------------ */

enum { MUCH = 64 * 1024 * 1024 };

/* How many bytes there is room for on the way to one who does not read: what it
 * still hears while the server is stopped. That is the system's affair. */
static size_t room_on_the_way(int other)
{
    enum { A_WHILE_MS = 250 }; /* too short: more of the crowd say too little */
    struct lines deaf = {.name = "a client",
                         .client = client_connect_small(program->port)};
    static char bytes[16 * 1024];
    size_t room = 0;
    ssize_t received;

    lines_say_until_full(&deaf, MUCH, other);
    child_pause(program);
    while ((received = client_receive(deaf.client, bytes, sizeof bytes,
                                      now_ms() + A_WHILE_MS)) > 0)
        room += (size_t)received;
    child_signal(program, SIGCONT);
    client_reset(deaf.client);
    return room;
}

/* Each of a crowd says a bit more than the one before, about as much as there
 * is room for: so with one of them at least the server has read all and cannot
 * send it all. With the last, who never comes to an end, it has to stop
 * reading. */
enum { CROWD = 16, A_BIT_MORE = 12 * 1024 };

static void crowd_talks(struct lines crowd[CROWD], int other)
{
    size_t room = room_on_the_way(other);
    size_t least = CROWD / 2 * A_BIT_MORE;

    for (int i = 0; i < CROWD; i++) {
        size_t total =
            (room > least ? room - least : 0) + (size_t)(i + 1) * A_BIT_MORE;

        crowd[i] = (struct lines){
            .name = "a client", .client = client_connect_small(program->port)};
        lines_say_until_full(&crowd[i], i == CROWD - 1 ? MUCH : total, other);
    }
}

static void crowd_hears(struct lines crowd[CROWD])
{
    for (int i = 0; i < CROWD; i++)
        lines_hear(&crowd[i]);
}

static void crowd_leaves(struct lines crowd[CROWD])
{
    for (int i = 0; i < CROWD; i++)
        client_leave(crowd[i].client);
}

static void nobody_is_forgotten(int a)
{
    struct lines crowd[CROWD];

    because("An echo in upper case: it answers what was said, and all of it.");
    step("many clients say lines, each some more than the one before, and read "
         "nothing");
    crowd_talks(crowd, a);
    because("What could not be sent at once waits in the queue, and nobody has "
            "told the server that there is room again. For which event is one "
            "to be watched while there is a queue?");
    step("all of them hear their lines");
    crowd_hears(crowd);
    because("All was sent and heard, and the queues are empty. Who was watched "
            "for EVENT_WRITE in between still is: it is to go off again in the "
            "very call that sends the last byte.");
    asks(a, "and now?\n", "AND NOW?\n");
    server_sleeps("when all is said and heard");
    because(NULL);
    step("all of them leave");
    crowd_leaves(crowd);
}

static void nobody_wakes_it_in_vain(int a)
{
    struct lines crowd[CROWD];

    step("again they say lines and read nothing");
    crowd_talks(crowd, a);
    because("The queues of some are full: nothing can be received for want of "
            "room. As long as EVENT_READ is on, what they have said and nobody "
            "reads wakes the loop for ever.");
    server_sleeps("while they do not read");
    because("They have said that they will say no more: from now on recv() "
            "returns 0 at once, each time. Who has finished is to be watched "
            "for EVENT_READ no more, though replies are still owed.");
    step("they say that they are done");
    for (int i = 0; i < CROWD; i++)
        client_finish_sending(crowd[i].client);
    server_sleeps("all the same");
    because("They are still owed what is in the queue, and the end of the "
            "connection after it.");
    step("all of them hear their lines, and the end");
    crowd_hears(crowd);
    crowd_leaves(crowd);
}

static void story_3h_2(void)
{
    int a;

    server_starts();
    because(
        "A has just come and has said nothing, so nothing is to be sent. A "
        "socket can nearly always be written to: who waits for that without "
        "need is woken again and again.");
    a = connects("A");
    server_sleeps("when A has come");
    because("A has been answered, the queue is empty again, and so is the list "
            "of things to do for A. For which event is A watched?");
    asks(a, "Hello, World!\n", "HELLO, WORLD!\n");
    server_sleeps("when A has been answered");
    if (program_launch.selector == NULL) {
        nobody_is_forgotten(a);
        nobody_wakes_it_in_vain(a);
    }
    leaves(a);
    server_ends_well();
}

static void check_3h_2(void)
{
    on_every_selector(story_3h_2);
}

/* -- 3h.3 ------------------------------------------------------------------ */

/* Whatever was said before is dealt with, now that others were answered. */
static void is_not_answered_yet(int client, int other)
{
    for (int i = 0; i < 3; i++)
        client_ask(other, "and I?\n", "AND I?\n");
    has_heard_nothing(client, "before its line is complete");
}

static void pieces_become_lines(int a, int b)
{
    because("A has not come to the end of its line.");
    says(a, "ab");
    is_not_answered_yet(a, b);
    because("Nothing can be sent of a line that is not complete, so there is "
            "nothing for which A must be watched but EVENT_READ.");
    server_sleeps("while A's line is not complete");
    because(
        "The end of the line has come. What came before it is in the queue, "
        "and is answered together with it.");
    says(a, "c\n");
    hears(a, "ABC\n");
    step("A says \"slow\\n\" byte by byte");
    for (const char *byte = "slow\n"; *byte != '\0'; byte++) {
        client_send(a, byte, 1);
        client_ask(b, "and I?\n", "AND I?\n");
    }
    hears(a, "SLOW\n");
}

static void one_piece_becomes_lines(int a, int b)
{
    because("One piece can bring many lines: TCP knows nothing of lines. All "
            "that are complete are answered.");
    asks(a, "one\ntwo\nthree\n", "ONE\nTWO\nTHREE\n");
    because("The first line is complete, the second is not. What follows the "
            "last '\\n' stays in the queue and begins the next line.");
    says(a, "four\nfi");
    hears(a, "FOUR\n");
    is_not_answered_yet(a, b);
    asks(a, "ve\n", "FIVE\n");
    because("A byte 0 is a byte like any other, and the queue is no C string. "
            "strchr() and strlen() stop at a 0, memchr() does not.");
    step("A says \"nu\\0ll\\n\", with a byte 0 in it");
    client_send(a, "nu\0ll\n", 6);
    client_expect(a, "NU\0LL\n", 6);
}

/* Each piece ends one line and begins the next, so the queue is never empty. */
static void room_is_used_again(int a)
{
    enum { PIECE = 3000, END = 2000, PIECES = 20 };
    static char piece[PIECE], answer[PIECE];

    because("Together that is more than the queue has room for. Only the line "
            "that was begun has to stay: is the room before it used again?");
    memset(piece, 'p', PIECE);
    memset(answer, 'P', PIECE);
    piece[END - 1] = answer[PIECE - 1] = '\n';
    step("A says %d pieces of %d bytes; each ends a line and begins the next",
         PIECES, PIECE);
    for (int i = 0; i < PIECES; i++) {
        client_send(a, piece, PIECE);
        client_expect(a, i == 0 ? answer + PIECE - END : answer,
                      i == 0 ? END : PIECE);
    }
    client_send_text(a, "\n");
    client_expect(a, answer + END - 1, PIECE - END + 1);
}

/* Line, and half a line, together more than the queue has room for. */
static void a_full_queue_is_no_line(int a, int b)
{
    enum { HALF = 10 * 1000 };
    static char text[2 * HALF], answer[2 * HALF];

    because("The queue is full now, but there is a whole line in it. When that "
            "is sent there is room for the rest of the next one, which is to "
            "wait for its end.");
    memset(text, 'l', sizeof text);
    memset(answer, 'L', sizeof answer);
    text[HALF - 1] = answer[HALF - 1] = '\n';
    step("A says a line of %d bytes, and as much of the next one", HALF);
    child_pause(program);
    client_send(a, text, sizeof text);
    child_signal(program, SIGCONT);
    client_expect(a, answer, HALF);
    is_not_answered_yet(a, b);
    client_send_text(a, "\n");
    client_expect(a, answer + HALF, HALF);
    client_expect_text(a, "\n");
}

static void a_line_may_be_longer_than_the_queue(int a)
{
    enum { LONG = 100 * 1000 };
    static char line[LONG], answer[LONG];

    because("There is no room for all of it, so its end never comes as long as "
            "its beginning waits for it. When the queue is full without a "
            "'\\n' in it, it is answered all the same.");
    memset(line, 'l', LONG);
    memset(answer, 'L', LONG);
    line[LONG - 1] = answer[LONG - 1] = '\n';
    step("A says a line of %d bytes, and hears it", LONG);
    client_send(a, line, LONG);
    client_expect(a, answer, LONG);
    asks(a, "short\n", "SHORT\n");
}

static void the_last_line_need_not_end(int a, int b)
{
    because("A has finished, so no '\\n' will come any more. What it has said "
            "is answered as it is, and then comes the end.");
    says(a, "no more");
    is_not_answered_yet(a, b);
    step("A says that it is done");
    client_finish_sending(a);
    hears(a, "NO MORE");
    step("A hears the end");
    client_expect_end(a);
    step("C says \"one\\ntwo\" and that it is done, all at once");
    a = client_connect(program->port);
    child_pause(program);
    client_send_text(a, "one\ntwo");
    client_finish_sending(a);
    child_signal(program, SIGCONT);
    client_expect_text(a, "ONE\nTWO");
    client_expect_end(a);
}

static void slow_readers_hear_all(int other)
{
    struct lines late = {.name = "L"};

    because("L reads nothing, and its queue fills. In the end nothing more is "
            "to be read from it, and nothing can be sent to it.");
    late.client = connects_small("L");
    step("L says lines until nothing more goes, and reads nothing; B is "
         "answered");
    lines_say_until_full(&late, 7 * MIB, other);
    server_sleeps("while L does not read");
    because("L was not served to the end, although it said no goodbye. In the "
            "queue there are lines to be sent, and perhaps the beginning of "
            "one more.");
    step("L hears all lines, in their order");
    lines_hear(&late);
    leaves(late.client);
}

static void story_3h_3(void)
{
    int a, b;

    server_starts();
    a = connects("A");
    b = connects("B");
    because("A whole line is answered at once.");
    asks(a, "Hello, World!\n", "HELLO, WORLD!\n");
    pieces_become_lines(a, b);
    one_piece_becomes_lines(a, b);
    room_is_used_again(a);
    a_full_queue_is_no_line(a, b);
    a_line_may_be_longer_than_the_queue(a);
    slow_readers_hear_all(b);
    the_last_line_need_not_end(a, b);
    because("Nobody has anything to say any more.");
    server_sleeps("when all is said");
    server_ends_well();
}

static void check_3h_3(void)
{
    on_every_selector(story_3h_3);
}

const struct exercise lesson3h[] = {
    {"3h.1", check_3h_1},
    {"3h.2", check_3h_2},
    {"3h.3", check_3h_3},
    {0},
};
