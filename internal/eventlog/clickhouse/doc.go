// Package clickhouse keeps events in ClickHouse: in one server, or in the shards and replicas of a cluster that the
// operator defined. It uses only what both current servers and version 18.16 understand.
//
// The address is clickhouse://USER:PASSWORD@HOST:9000,HOST:9000/DATABASE?cluster=NAME&replicated=true. With a cluster the
// hosts are all of its servers: tables are made on each of them where they are missing, and every statement goes to one
// that answers. What else the address may say is documented for clickhouse-go.
//
// Invariants:
//   - event_local has the events of a shard, event_id_local their ids; event and event_id are the same over all shards.
//     An event is on the shard that its id gives.
//   - Each id is looked for before its event is written. Two processes that write the same event at the same moment leave
//     a second row, which no answer shows and the server drops when it merges.
//   - Durable means that every shard confirmed. How much a server keeps over a power cut is its own setting: replicate.
//   - Values reach a server as arguments, never as parts of a statement.
package clickhouse
