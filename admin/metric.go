package admin

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metric is a family of samples: what is said of it, and what it is.
type metric struct {
	name, help string
	labels     []string
	kind       prometheus.ValueType // 0 is a histogram
}

func gauge(name, help string, labels ...string) metric {
	return metric{"gonode_" + name, help, labels, prometheus.GaugeValue}
}

func counter(name, help string, labels ...string) metric {
	return metric{"gonode_" + name, help, labels, prometheus.CounterValue}
}

// catalog has every metric of ours. The documentation, the alerts and the dashboard are tested against it.
type catalog struct {
	build, info, started, ready metric

	links, linkStarted, linkIn, linkOut, linkSignalsIn, linkSignalsOut, linkTicksIn, linkTicksOut, linkQueue, linkRTT metric

	bytesIn, bytesOut, signalsIn, signalsOut, undelivered, mailboxFull                              metric
	handshakes, crowdedOut, dialsFailed, reconnects, downs, tickMisses                              metric
	sendQueue, waiting, flights, handshaking, calls                                                 metric
	events, eventsSkipped, eventsQueued, subscribers, streams, streamsRefused                       metric
	wanted, discoveryNodes, discoveryUp, answers, discoveryDials, prunes, kept, refused, lastAnswer metric
	spared, gaveUp                                                                                  metric
	roundTrip, pingsFailed, requests                                                                metric
	hookRuns, hookRetries, hookSkipped, hookQueue, hooksRunning                                     metric
}

func newCatalog() catalog {
	return catalog{
		build:   gauge("build_info", "Always 1: the version of the program.", "version"),
		info:    gauge("node_info", "Always 1: the node's name and creation.", "node", "creation"),
		started: gauge("start_time_seconds", "When this server was made, in seconds since 1970."),
		ready:   gauge("ready", "1 if the first discovery is over and as many members are there as should be."),

		links:          gauge("links", "Connections to other nodes.", "kind", "via"),
		linkStarted:    gauge("link_start_time_seconds", "When the connection came up, in seconds since 1970.", "peer"),
		linkIn:         counter("link_received_bytes_total", "Bytes received on the connection.", "peer"),
		linkOut:        counter("link_sent_bytes_total", "Bytes sent on the connection.", "peer"),
		linkSignalsIn:  counter("link_received_signals_total", "Messages and other signals received on the connection.", "peer"),
		linkSignalsOut: counter("link_sent_signals_total", "Messages and other signals sent on the connection.", "peer"),
		linkTicksIn:    counter("link_received_ticks_total", "Ticks received on the connection.", "peer"),
		linkTicksOut:   counter("link_sent_ticks_total", "Ticks sent on the connection.", "peer"),
		linkQueue:      gauge("link_send_queue_bytes", "Bytes that wait to be written to the peer.", "peer"),
		linkRTT:        gauge("link_round_trip_seconds", "The last round trip to the peer's net_kernel.", "peer"),

		bytesIn:     counter("received_bytes_total", "Bytes received from all peers."),
		bytesOut:    counter("sent_bytes_total", "Bytes sent to all peers."),
		signalsIn:   counter("received_signals_total", "Messages and other signals received from all peers."),
		signalsOut:  counter("sent_signals_total", "Messages and other signals sent to all peers."),
		undelivered: counter("undelivered_messages_total", "Messages that came for a process that is not there."),
		mailboxFull: counter("mailbox_full_messages_total", "Messages dropped since the mailbox was full."),

		handshakes:  counter("handshakes_total", "Handshakes by who began and how they ended.", "direction", "result"),
		crowdedOut:  counter("handshakes_crowded_out_total", "Handshakes closed since there were too many at once."),
		dialsFailed: counter("dials_failed_total", "Attempts to connect that came to no handshake: no address, or no TCP connection.", "stage"),
		reconnects:  counter("reconnects_total", "Times that a node came up which had been up before."),
		downs:       counter("nodedowns_total", "Connections that have ended, by the reason of the nodedown.", "reason"),
		tickMisses:  counter("tick_misses_total", "Connections given up since nothing came for the tick time."),

		sendQueue:   gauge("send_queue_bytes", "Bytes that wait to be written, to all peers."),
		waiting:     gauge("waiting_signals", "Messages and other signals that wait for a connection being made."),
		flights:     gauge("dials", "Attempts to connect under way."),
		handshaking: gauge("handshakes", "Connections from outside in their handshake."),
		calls:       gauge("calls", "Calls from other nodes under way."),

		events:         counter("events_total", "Events published."),
		eventsSkipped:  counter("events_dropped_total", "Events that readers missed since they were too slow."),
		eventsQueued:   gauge("events_queued", "Events that wait for their readers."),
		subscribers:    gauge("event_subscribers", "Subscriptions to events."),
		streams:        gauge("event_streams", "Readers of /events."),
		streamsRefused: counter("event_streams_refused_total", "Readers of /events refused since there were too many."),

		wanted:         gauge("wanted_nodes", "Nodes that a source names, by state.", "state"),
		discoveryNodes: gauge("discovery_nodes", "Nodes that a source wants.", "source"),
		discoveryUp:    gauge("discovery_up", "1 if the source answers in full, 0 if it fails or has not answered yet.", "source"),
		answers:        counter("discovery_answers_total", "Answers of a source by outcome.", "source", "outcome"),
		discoveryDials: counter("discovery_dials_total", "Nodes of a source that were dialled, by result.", "source", "result"),
		prunes:         counter("discovery_prunes_total", "Nodes disconnected since no source wanted them.", "source"),
		kept:           counter("discovery_kept_total", "Times that a node stayed although it was missing.", "source"),
		refused:        counter("discovery_refused_names_total", "Names that are none, or too many.", "source"),
		lastAnswer:     gauge("discovery_last_answer_seconds", "When the source answered last, in seconds since 1970.", "source"),
		spared:         counter("discovery_spared_total", "Nodes that no source wanted and that stayed since they came by themselves or the application wants them."),
		gaveUp:         counter("discovery_gave_up_total", "Waits that ended before the cluster was there."),

		roundTrip: metric{"gonode_round_trip_seconds", "Round trips to the net_kernel of all peers.", nil, 0},
		pingsFailed: counter("round_trips_failed_total",
			"Peers that were asked for a round trip and did not answer, or not in time."),
		requests: counter("http_requests_total", "Questions over HTTP, by the answer's code.", "path", "code"),

		hookRuns:     counter("hook_runs_total", "Runs of a hook by result.", "hook", "result"),
		hookRetries:  counter("hook_retries_total", "Posts of a hook that were tried again.", "hook"),
		hookSkipped:  counter("hook_dropped_events_total", "Events that the hook was too slow for.", "hook"),
		hookQueue:    gauge("hook_queued_events", "Events that wait for the hook.", "hook"),
		hooksRunning: gauge("hooks_running", "Runs of the hook under way.", "hook"),
	}
}

// put sends one sample.
func (m metric) put(ch chan<- prometheus.Metric, value float64, labels ...string) {
	desc := prometheus.NewDesc(m.name, m.help, m.labels, nil)
	ch <- prometheus.MustNewConstMetric(desc, m.kind, value, labels...)
}

// opts returns what client_golang wants to know of a metric that it keeps itself.
func (m metric) opts() prometheus.Opts { return prometheus.Opts{Name: m.name, Help: m.help} }
