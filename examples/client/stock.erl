%% The gen_server that the Go program calls. It knows how much there is of what.
-module(stock).
-behaviour(gen_server).
-export([start/0, init/1, handle_call/3, handle_cast/2]).

start() -> gen_server:start({local, stock}, ?MODULE, [], []).

init([]) ->
    {ok, #{<<"nut">> => #{count => 17, tags => [metal, small]},
           <<"bolt">> => #{count => 0, tags => [metal]}}}.

handle_call({find, Name}, _From, Stock) when byte_size(Name) > 0 ->
    case Stock of
        #{Name := Item} -> {reply, {ok, Item#{name => Name}}, Stock};
        #{} -> {reply, {error, not_found}, Stock}
    end.

handle_cast(_, Stock) -> {noreply, Stock}.
