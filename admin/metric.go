package admin

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// metric is a family of samples: what is said of it, and what it is.
type metric struct {
	name, help string
	labels     []string
	kind       prometheus.ValueType // 0 is a histogram
}

// catalog has every metric of ours. The documentation, the alerts and the dashboard are tested against it.
type catalog struct {
	all []metric // in the order of the documentation

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

func newCatalog() *catalog {
	c := &catalog{}
	c.build = c.gauge("build_info", "Always 1: the version of the program.", "version")
	c.info = c.gauge("node_info", "Always 1: the node's name and creation.", "node", "creation")
	c.started = c.gauge("start_time_seconds", "When this server was made, in seconds since 1970.")
	c.ready = c.gauge("ready", "1 if the first discovery is over and as many members are there as should be.")

	c.links = c.gauge("links", "Connections to other nodes.", "kind", "via")
	c.linkStarted = c.gauge("link_start_time_seconds", "When the connection came up, in seconds since 1970.", "peer")
	c.linkIn = c.counter("link_received_bytes_total", "Bytes received on the connection.", "peer")
	c.linkOut = c.counter("link_sent_bytes_total", "Bytes sent on the connection.", "peer")
	c.linkSignalsIn = c.counter("link_received_signals_total", "Messages and other signals received on the connection.", "peer")
	c.linkSignalsOut = c.counter("link_sent_signals_total", "Messages and other signals sent on the connection.", "peer")
	c.linkTicksIn = c.counter("link_received_ticks_total", "Ticks received on the connection.", "peer")
	c.linkTicksOut = c.counter("link_sent_ticks_total", "Ticks sent on the connection.", "peer")
	c.linkQueue = c.gauge("link_send_queue_bytes", "Bytes that wait to be written to the peer.", "peer")
	c.linkRTT = c.gauge("link_round_trip_seconds", "The last round trip to the peer's net_kernel.", "peer")

	c.bytesIn = c.counter("received_bytes_total", "Bytes received from all peers.")
	c.bytesOut = c.counter("sent_bytes_total", "Bytes sent to all peers.")
	c.signalsIn = c.counter("received_signals_total", "Messages and other signals received from all peers.")
	c.signalsOut = c.counter("sent_signals_total", "Messages and other signals sent to all peers.")
	c.undelivered = c.counter("undelivered_messages_total", "Messages that came for a process that is not there.")
	c.mailboxFull = c.counter("mailbox_full_messages_total", "Messages dropped since the mailbox was full.")

	c.handshakes = c.counter("handshakes_total", "Handshakes by who began and how they ended.", "direction", "result")
	c.crowdedOut = c.counter("handshakes_crowded_out_total", "Handshakes closed since there were too many at once.")
	c.dialsFailed = c.counter("dials_failed_total", "Attempts to connect that came to no handshake: no address, or no TCP connection.", "stage")
	c.reconnects = c.counter("reconnects_total", "Times that a node came up which had been up before.")
	c.downs = c.counter("nodedowns_total", "Connections that have ended, by the reason of the nodedown.", "reason")
	c.tickMisses = c.counter("tick_misses_total", "Connections given up since nothing came for the tick time.")

	c.sendQueue = c.gauge("send_queue_bytes", "Bytes that wait to be written, to all peers.")
	c.waiting = c.gauge("waiting_signals", "Messages and other signals that wait for a connection being made.")
	c.flights = c.gauge("dials_pending", "Attempts to connect under way.")
	c.handshaking = c.gauge("handshakes_pending", "Connections from outside in their handshake.")
	c.calls = c.gauge("calls", "Calls from other nodes under way.")

	c.events = c.counter("events_total", "Events published.")
	c.eventsSkipped = c.counter("events_dropped_total", "Events that readers missed since they were too slow.")
	c.eventsQueued = c.gauge("events_queued", "Events that wait for their readers.")
	c.subscribers = c.gauge("event_subscribers", "Subscriptions to events.")
	c.streams = c.gauge("event_streams", "Readers of /events.")
	c.streamsRefused = c.counter("event_streams_refused_total", "Readers of /events refused since there were too many.")

	c.wanted = c.gauge("wanted_nodes", "Nodes that a source names, by state.", "state")
	c.discoveryNodes = c.gauge("discovery_nodes", "Nodes that a source wants.", "source")
	c.discoveryUp = c.gauge("discovery_up", "1 if the source answers in full, 0 if it fails or has not answered yet.", "source")
	c.answers = c.counter("discovery_answers_total", "Answers of a source by outcome.", "source", "outcome")
	c.discoveryDials = c.counter("discovery_dials_total", "Nodes of a source that were dialled, by result.", "source", "result")
	c.prunes = c.counter("discovery_prunes_total", "Nodes disconnected since no source wanted them.", "source")
	c.kept = c.counter("discovery_kept_total", "Times that a node stayed although it was missing.", "source")
	c.refused = c.counter("discovery_refused_names_total", "Names that are none, or too many.", "source")
	c.lastAnswer = c.gauge("discovery_last_answer_seconds", "When the source answered last, in seconds since 1970.", "source")
	c.spared = c.counter("discovery_spared_total", "Nodes that no source wanted and that stayed since they came by themselves or the application wants them.")
	c.gaveUp = c.counter("discovery_gave_up_total", "Waits that ended before the cluster was there.")

	c.roundTrip = c.add("round_trip_seconds", "Round trips to the net_kernel of all peers.", 0)
	c.pingsFailed = c.counter("round_trips_failed_total",
		"Peers that were asked for a round trip and did not answer, or not in time.")
	c.requests = c.counter("http_requests_total", "Questions over HTTP, by the answer's code.", "path", "code")

	c.hookRuns = c.counter("hook_runs_total", "Runs of a hook by result.", "hook", "result")
	c.hookRetries = c.counter("hook_retries_total", "Posts of a hook that were tried again.", "hook")
	c.hookSkipped = c.counter("hook_dropped_events_total", "Events that the hook was too slow for.", "hook")
	c.hookQueue = c.gauge("hook_queued_events", "Events that wait for the hook.", "hook")
	c.hooksRunning = c.gauge("hooks_running", "Runs of the hook under way.", "hook")
	return c
}

func (c *catalog) add(name, help string, kind prometheus.ValueType, labels ...string) metric {
	m := metric{"gonode_" + name, help, labels, kind}
	c.all = append(c.all, m)
	return m
}

func (c *catalog) gauge(name, help string, labels ...string) metric {
	return c.add(name, help, prometheus.GaugeValue, labels...)
}

func (c *catalog) counter(name, help string, labels ...string) metric {
	return c.add(name, help, prometheus.CounterValue, labels...)
}

// put sends one sample.
func (m metric) put(ch chan<- prometheus.Metric, value float64, labels ...string) {
	for i := range labels { // a hook may be called anything; the library panics on what is no UTF-8
		labels[i] = strings.ToValidUTF8(labels[i], "?")
	}
	desc := prometheus.NewDesc(m.name, m.help, m.labels, nil)
	ch <- prometheus.MustNewConstMetric(desc, m.kind, value, labels...)
}

// opts returns what client_golang wants to know of a metric that it keeps itself.
func (m metric) opts() prometheus.Opts { return prometheus.Opts{Name: m.name, Help: m.help} }
