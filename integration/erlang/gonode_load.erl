%% What the tests of the guarantees run on an Erlang node: senders and receivers that check order. OTP 23 to 29.
-module(gonode_load).
-export([payload/2, flood/3, receivers/2, received/1]).
-export([signals/3, many_signals/4, watch_signals/3, watch_many/1]).

%%% Order. A sender I sends {I, J, payload(I, J)} for J = 0, 1, 2 ...

%% payload(I, J): what both sides know that message J of sender I carries. Most are some bytes; one of 100 is up to 4 KiB,
%% one of 2000 up to 300 KiB, which the wire takes in fragments.
payload(I, J) -> fill(I, J, size(I, J)).

size(I, J) when (I + J) rem 2000 =:= 7 -> 1 + (I * 7919 + J * 104729) rem (300 * 1024);
size(I, J) when (I + J) rem 100 =:= 3 -> 1 + (I * 7919 + J * 104729) rem 4096;
size(_, J) -> 1 + J rem 8.

fill(I, J, Size) ->
    Word = <<I:32, J:32>>,
    binary:part(binary:copy(Word, Size div 8 + 1), 0, Size).

%% flood(Targets, Senders, N): starts Senders processes which send N messages each. Sender I sends to number I rem length
%% of Targets, each {Name, Pid, Alias}: to the pid, to the name, as a cast and to the alias in turn. Returns when all are
%% sent.
flood(Targets, Senders, N) ->
    Tuple = list_to_tuple(Targets),
    Started = [spawn_monitor(fun() -> send(I, 0, N, element(1 + I rem tuple_size(Tuple), Tuple)) end)
        || I <- lists:seq(0, Senders - 1)],
    [receive {'DOWN', Ref, process, Pid, normal} -> ok end || {Pid, Ref} <- Started],
    ok.

send(_, N, N, _) -> ok;
send(I, J, N, To = {Name, Pid, Alias}) ->
    Message = {I, J, payload(I, J)},
    case J rem 4 of
        0 -> Pid ! Message;
        1 -> {Name, node(Pid)} ! Message;
        2 -> gen_server:cast(Pid, Message);
        3 -> aliased(Alias, Pid) ! Message
    end,
    send(I, J + 1, N, To).

%% Where there are no aliases, before OTP 24, the pid stands for them.
aliased(Alias, Pid) ->
    case aliases() of
        true -> Alias;
        false -> Pid
    end.

aliases() -> erlang:function_exported(erlang, alias, 0).

own_alias() ->
    case aliases() of
        true -> apply(erlang, alias, []);
        false -> self()
    end.

%% receivers(Names, N): starts a process for every name, registered, which checks that every sender's messages come in
%% order. Returns the pid and the alias of each.
receivers(Names, N) ->
    Self = self(),
    [begin
        Pid = spawn(fun() -> register(Name, self()), Self ! {self(), own_alias()}, receiver(#{}, 0, N, ok) end),
        receive {Pid, Alias} -> {Pid, Alias} end
    end || Name <- Names].

%% received(Name): {How many messages, how many senders sent all N, ok or the first that was wrong}.
received(Name) ->
    Name ! {received, self()},
    receive {received, Answer} -> Answer after 20000 -> timeout end.

receiver(Next, Count, N, State) ->
    receive
        {received, From} ->
            From ! {received, {Count, length([I || {I, All} <- maps:to_list(Next), All =:= N]), State}},
            receiver(Next, Count, N, State);
        {I, J, Payload} ->
            Want = maps:get(I, Next, 0),
            Verdict = case Payload =:= payload(I, J) of
                _ when J =/= Want -> {sender, I, got, J, want, Want};
                false -> {sender, I, message, J, garbled, byte_size(Payload)};
                true -> ok
            end,
            receiver(Next#{I => J + 1}, Count + 1, N, first(State, Verdict));
        Other ->
            receiver(Next, Count + 1, N, first(State, {unexpected, Other}))
    end.

first(ok, Verdict) -> Verdict;
first(State, _) -> State.

%%% Order across kinds of signals.

%% signals(Name, Pid, N): links to Pid, which is registered as Name on its node, tells it, waits for its go, or for
%% {go, Alias} with an alias of it, sends it J from 0 to N - 1, each in another kind of signal, and ends with the reason bye.
signals(Name, Pid, N) -> signals(Name, Pid, N, fun() -> ok end).

%% signals/4: BeforeEnd is called before the end where that may be lost.
signals(Name, Pid, N, BeforeEnd) ->
    link(Pid),
    Pid ! {hello, self()},
    Alias = receive go -> Pid; {go, A} -> aliased(A, Pid) end,
    [signal(J rem 7, J, Pid, {Name, node(Pid)}, Alias) || J <- lists:seq(0, N - 1)],
    loses_ends() andalso begin BeforeEnd(), pong = net_adm:ping(node(Pid)) end,
    exit(bye).

%% loses_ends(): the BEAM of OTP 23 may send neither exit nor down of a process that ends while the channel is busy, to
%% another BEAM either. Once a ping that was sent after all else is answered the channel is not busy.
loses_ends() -> erlang:system_info(otp_release) =:= "23".

signal(0, J, Pid, _, _) -> Pid ! {J, small};
signal(1, J, _, Name, _) -> Name ! {J, name};
signal(2, J, Pid, _, _) -> Pid ! {J, binary:copy(<<J>>, 100 * 1024 + J)};
signal(3, J, _, _, Alias) -> Alias ! {J, alias};
signal(4, J, Pid, _, _) -> gen_server:cast(Pid, {J, cast});
signal(5, J, Pid, _, _) -> Pid ! {'$gen_call', {self(), make_ref()}, {J, call}};
signal(6, J, Pid, _, _) -> exit(Pid, {J, exit}).

%% many_signals(Name, Pid, Senders, N): has so many processes do signals/3. Where ends are lost while the channel is busy
%% none ends before all have sent what they send.
many_signals(Name, Pid, Senders, N) ->
    Self = self(),
    Together = fun() -> Self ! {sent, self()}, receive all_sent -> ok end end,
    Started = [spawn(fun() -> signals(Name, Pid, N, Together) end) || _ <- lists:seq(1, Senders)],
    loses_ends() andalso begin
        [receive {sent, Sender} -> ok end || Sender <- Started],
        [Sender ! all_sent || Sender <- Started]
    end.

%% watch_many(Signallers): does watch_signals/3 with each {Name, Pid}, at the same time, and returns what came from each.
watch_many(Signallers) ->
    Self = self(),
    Started = [spawn(fun() -> watch_signals(Name, Pid, Self) end) || {Name, Pid} <- Signallers],
    [receive {Watcher, Seen} -> Seen end || Watcher <- Started].

%% watch_signals(Name, Pid, Report): links to and monitors Pid, by pid and by Name, tells it to go, and sends Report what
%% came until it has all three ends of Pid: numbers, exit and down.
watch_signals(Name, Pid, Report) ->
    process_flag(trap_exit, true),
    link(Pid),
    monitor(process, Pid),
    monitor(process, {Name, node(Pid)}),
    Pid ! {go, self(), own_alias()},
    Report ! {self(), watched(Pid, [], 0)}.

watched(_, Seen, 3) -> lists:reverse(Seen);
watched(Pid, Seen, Ends) ->
    receive
        {J, _} when is_integer(J) -> watched(Pid, [J | Seen], Ends);
        {'EXIT', Pid, {J, exit}} -> watched(Pid, [J | Seen], Ends);
        {'EXIT', Pid, bye} -> watched(Pid, [exit | Seen], Ends + 1);
        {'DOWN', _, process, _, bye} -> watched(Pid, [down | Seen], Ends + 1);
        Other -> watched(Pid, [{unexpected, Other} | Seen], 3)
    after 10000 -> watched(Pid, [timeout | Seen], 3)
    end.
