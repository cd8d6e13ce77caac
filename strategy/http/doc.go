// Package http is a strategy for nodes that a web server lists.
//
// The answer to GET is a list as package nodelist reads it: one node a line, or JSON; the form is told by the body. The
// server is asked at an interval, and with If-None-Match and If-Modified-Since, so that a list which has not changed costs
// little. Whatever is not a list with status 200 (or 304, for no change) keeps the nodes of the last one.
package http
