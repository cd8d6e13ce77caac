%% An Erlang supervisor whose worker is a Go function on another node.
-module(worker_sup).
-behaviour(supervisor).
-export([start_link/3, init/1, start_worker/3]).

%% start_link(Node, Report, Rounds): the worker on Node sends {round, N} to the process Report, and breaks after so many.
start_link(Node, Report, Rounds) ->
    supervisor:start_link({local, ?MODULE}, ?MODULE, [Node, Report, Rounds]).

init(Args) ->
    {ok, {#{intensity => 10, period => 1},
          [#{id => worker, start => {?MODULE, start_worker, Args}, restart => permanent, shutdown => 1000}]}}.

%% Runs in the supervisor, so that the link is with it.
start_worker(Node, Report, Rounds) ->
    {ok, spawn_link(Node, worker, run, [Report, Rounds])}.
