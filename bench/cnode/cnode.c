/* The C node of the benchmarks, on libei: the peer of gonode_bench.erl in one loop and one thread, for one connection.
 *
 *   cnode NAME@HOST COOKIE CREATION      ends with the connection, or when standard input does
 *
 * A term that is only passed on is not decoded: its bytes are copied behind a version byte. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ei.h"

static void die(const char *what)
{
    fprintf(stderr, "cnode: %s\n", what);
    exit(1);
}

static void *leash(void *unused)
{
    char c;
    while (read(0, &c, 1) > 0)
        ;
    exit(0);
    return unused;
}

/* term: version byte and the bytes of m from index on, which are one term. */
static void term(ei_x_buff *out, const ei_x_buff *m, int index)
{
    out->index = 0;
    if (ei_x_encode_version(out) < 0 || ei_x_append_buf(out, m->buff + index, m->index - index) < 0)
        die("no memory");
}

static void echo(int fd, const ei_x_buff *m, ei_x_buff *out)
{
    int index = 0, version, arity;
    erlang_pid from;
    if (ei_decode_version(m->buff, &index, &version) || ei_decode_tuple_header(m->buff, &index, &arity) || arity != 2
        || ei_decode_pid(m->buff, &index, &from))
        die("echo: want {From, Term}");
    term(out, m, index);
    if (ei_send(fd, &from, out->buff, out->index) < 0)
        die("send");
}

/* sink: returns the new count. */
static long sink(int fd, const ei_x_buff *m, ei_x_buff *out, long count)
{
    int index = 0, version, arity;
    char atom[MAXATOMLEN_UTF8];
    erlang_pid from;
    if (ei_decode_version(m->buff, &index, &version) || ei_decode_tuple_header(m->buff, &index, &arity) || arity != 2
        || ei_decode_pid(m->buff, &index, &from) || ei_decode_atom(m->buff, &index, atom) || strcmp(atom, "count"))
        return count + 1;
    out->index = 0;
    if (ei_x_format(out, "{count,~l}", count) < 0 || ei_send(fd, &from, out->buff, out->index) < 0)
        die("send");
    return 0;
}

static void source(int fd, const ei_x_buff *m, ei_x_buff *out)
{
    int index = 0, version, arity;
    long n;
    erlang_pid from;
    if (ei_decode_version(m->buff, &index, &version) || ei_decode_tuple_header(m->buff, &index, &arity) || arity != 3
        || ei_decode_pid(m->buff, &index, &from) || ei_decode_long(m->buff, &index, &n))
        die("source: want {From, N, Term}");
    term(out, m, index);
    while (n-- > 0)
        if (ei_send(fd, &from, out->buff, out->index) < 0)
            die("send");
}

static void serve(int fd)
{
    ei_x_buff in, out;
    erlang_msg msg;
    long count = 0;
    ei_x_new(&in);
    ei_x_new(&out);
    for (;;) {
        in.index = 0;
        switch (ei_xreceive_msg(fd, &msg, &in)) {
        case ERL_TICK:
            continue;
        case ERL_ERROR:
            exit(0);
        }
        if (msg.msgtype != ERL_REG_SEND)
            continue;
        if (strcmp(msg.toname, "bench_echo") == 0)
            echo(fd, &in, &out);
        else if (strcmp(msg.toname, "bench_sink") == 0)
            count = sink(fd, &in, &out, count);
        else if (strcmp(msg.toname, "bench_source") == 0)
            source(fd, &in, &out);
    }
}

int main(int argc, char **argv)
{
    ei_cnode node;
    ErlConnect peer;
    struct in_addr addr;
    pthread_t watcher;
    char alive[MAXATOMLEN_UTF8];
    char *at;
    int port = 0, listener, fd;

    if (argc != 4 || (at = strchr(argv[1], '@')) == NULL || strlen(argv[1]) >= sizeof alive)
        die("usage: cnode NAME@HOST COOKIE CREATION");
    snprintf(alive, sizeof alive, "%.*s", (int)(at - argv[1]), argv[1]);
    if (inet_aton(at + 1, &addr) == 0)
        die("the host is to be an IP address");
    if (ei_init() != 0 || ei_connect_xinit(&node, at + 1, alive, argv[1], &addr, argv[2], (short)atoi(argv[3])) < 0)
        die("ei_connect_xinit");
    if ((listener = ei_listen(&node, &port, 5)) < 0)
        die("ei_listen");
    if (ei_publish(&node, port) < 0)
        die("ei_publish: no epmd, or the name is taken");
    if (pthread_create(&watcher, NULL, leash, NULL) != 0)
        die("pthread_create");
    puts("ready");
    fflush(stdout);
    if ((fd = ei_accept(&node, listener, &peer)) < 0)
        die("ei_accept");
    serve(fd);
    return 0;
}
