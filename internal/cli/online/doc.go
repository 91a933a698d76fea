// Package online holds the commands that ask a running server.
//
//   - One file for each area, one line for it in [Remote.Commands]. A command that only lists, shows, adds, changes or ends
//     something is one line: how it is called, and the method of package client that does it.
//   - Arguments called DEVICE, ACCOUNT and FEED may be a name where there is one: an asset tag, a login, the feed's name.
//   - Every answer is JSON with --json.
package online
