%% Gossip as libcluster puts it on the wire, for nodes of the tests: heartbeats by UDP, plain or with a secret, and a
%% connection to whoever is heard. It takes what libcluster takes, ignores what that ignores, and counts both.
%% Its own code, written from the format; OTP 23 to 29.
-module(gonode_gossip).
-export([start/1, stop/0, heard/0, stats/0]).
-export([packet/2, packet/3, read/2, open/2]).

-define(PREFIX, "heartbeat::").

%% start(Options): port, group and interface (addresses as tuples; the interface to join and to send on), secret (none,
%% or a binary), interval in ms, connect (whether to connect to those who are heard).
start(Options) ->
    Defaults = #{port => 45892, group => {230, 1, 1, 251}, interface => {0, 0, 0, 0}, secret => none, interval => 5000,
        connect => true},
    Caller = self(),
    Pid = spawn(fun() -> init(Caller, maps:merge(Defaults, Options)) end),
    Monitor = monitor(process, Pid),
    receive
        {Pid, started} -> demonitor(Monitor, [flush]), ok;
        {'DOWN', Monitor, _, _, Reason} -> {error, Reason}
    end.

stop() -> call(stop).

%% heard(): the names of others in the packets that were taken, sorted.
heard() -> call(heard).

%% stats(): #{taken, own, ignored, sent}.
stats() -> call(stats).

call(Request) ->
    Monitor = monitor(process, ?MODULE),
    ?MODULE ! {call, self(), Monitor, Request},
    receive
        {Monitor, Answer} -> demonitor(Monitor, [flush]), Answer;
        {'DOWN', Monitor, _, _, Reason} -> {error, Reason}
    end.

init(Caller, Options) ->
    #{port := Port, group := Group, interface := Interface} = Options,
    register(?MODULE, self()),
    Sending = case Interface of
        {0, 0, 0, 0} -> [];
        _ -> [{multicast_if, Interface}]
    end,
    {ok, Socket} = gen_udp:open(Port, [binary, {active, true}, {ip, {0, 0, 0, 0}}, {reuseaddr, true}, {broadcast, true},
        {multicast_ttl, 1}, {multicast_loop, true}, {add_membership, {Group, Interface}} | Sending]),
    Caller ! {self(), started},
    self() ! heartbeat,
    loop(Options#{socket => Socket, heard => #{}, stats => #{taken => 0, own => 0, ignored => 0, sent => 0}}).

loop(State = #{socket := Socket, group := Group, port := Port, secret := Secret, interval := Interval}) ->
    receive
        heartbeat ->
            ok = gen_udp:send(Socket, Group, Port, packet(node(), Secret)),
            erlang:send_after(rand:uniform(Interval), self(), heartbeat),
            loop(count(sent, State));
        {udp, Socket, _, _, Packet} ->
            loop(take(read(Packet, Secret), State));
        {call, From, Tag, stop} ->
            gen_udp:close(Socket),
            From ! {Tag, ok};
        {call, From, Tag, heard} ->
            From ! {Tag, lists:sort(maps:keys(maps:get(heard, State)))},
            loop(State);
        {call, From, Tag, stats} ->
            From ! {Tag, maps:get(stats, State)},
            loop(State)
    end.

count(What, State = #{stats := Stats}) -> State#{stats := maps:update_with(What, fun(N) -> N + 1 end, Stats)}.

take({node, Node}, State) when Node =:= node() -> count(own, State);
take({node, Node}, State = #{heard := Heard, connect := Connect}) ->
    _ = [spawn(fun() -> net_kernel:connect_node(Node) end) || Connect, not lists:member(Node, nodes(connected))],
    count(taken, State#{heard := Heard#{Node => true}});
take(ignored, State) -> count(ignored, State).

%%% The packets.

%% packet(Node, Secret): a heartbeat.
packet(Node, none) -> iolist_to_binary([?PREFIX, term_to_binary(#{node => Node})]);
packet(Node, Secret) -> packet(Node, Secret, crypto:strong_rand_bytes(16)).

packet(Node, Secret, IV) ->
    Plain = packet(Node, none),
    Pad = 16 - byte_size(Plain) rem 16,
    Padded = <<Plain/binary, (binary:copy(<<Pad>>, Pad))/binary>>,
    <<IV/binary, (crypto:crypto_one_time(aes_256_cbc, crypto:hash(sha256, Secret), IV, Padded, true))/binary>>.

%% read(Packet, Secret): {node, Node} or ignored, without an exception for what others may send.
read(<<?PREFIX, Term/binary>>, none) ->
    case binary_to_term(Term) of
        #{node := Node} when is_atom(Node) -> {node, Node};
        _ -> ignored
    end;
read(_, none) -> ignored;
read(<<IV:16/binary, Sealed/binary>>, Secret) ->
    unpad(crypto:crypto_one_time(aes_256_cbc, crypto:hash(sha256, Secret), IV, Sealed, false));
read(_, _) -> ignored.

unpad(<<>>) -> ignored;
unpad(Padded) ->
    Pad = binary:last(Padded),
    Size = byte_size(Padded) - Pad,
    case Pad =< 16 andalso Size >= 0 andalso binary:part(Padded, Size, Pad) =:= binary:copy(<<Pad>>, Pad) of
        true -> read(binary:part(Padded, 0, Size), none);
        false -> ignored
    end.

%% open(Packet, Key): what the authenticated frame of Go nodes says, {Kind, Ms, IntervalMs, Name, Address}, or the atom
%% wrong. It is here to read docs/protocol.md a second time.
open(<<"gng", 1, KeyId:4/binary, Salt:16/binary, Nonce:12/binary, Rest/binary>> = Packet, Key) ->
    Size = byte_size(Rest) - 16,
    <<Sealed:Size/binary, Tag:16/binary>> = Rest,
    <<KeyId:4/binary, _/binary>> = hmac(Key, <<"gonode gossip key id">>),
    Derived = hmac(hmac(Salt, Key), <<"gonode gossip 1", 1>>), % HKDF of one block
    case crypto:crypto_one_time_aead(aes_256_gcm, Derived, Nonce, Sealed, binary:part(Packet, 0, 36), Tag, false) of
        <<Kind, Ms:64, Interval:32, N:16, Name:N/binary, A, Address:A/binary, _/binary>> -> {Kind, Ms, Interval, Name, Address};
        error -> wrong
    end.

hmac(Key, Text) -> crypto:mac(hmac, sha256, Key, Text).
