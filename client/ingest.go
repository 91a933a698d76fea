package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"triward/apiv1"
)

// EventBatch is a batch of records on its way to a server. The ids of its events follow from Source, Key and the number of
// the record, so that the same batch sent again adds nothing.
type EventBatch struct {
	Format string    // what the records are ("syslog", "zeek" …); "" lets the server find out
	Source string    // name of the source that the records are from; "": the account that sends
	Name   string    // of the log or the file
	Key    string    // of the whole that the batch is a part of: the digest of a file
	First  int64     // number of the first record in that whole, from 0
	Body   io.Reader // each record behind its length in bytes as decimal digits and a line feed, and followed by one
}

// Accepted is how much of a batch is durable on the server.
type Accepted struct {
	Records int
	Retry   time.Duration // after which to send the others; 0: they are not wanted
}

// SendEvents sends a batch to the door for events, which is no part of the API. With an error too, the first records may
// have been accepted.
func SendEvents(ctx context.Context, c *Client, b EventBatch) (Accepted, error) {
	format := b.Format
	if format == "" {
		format = "any"
	}
	q := url.Values{"first": {strconv.FormatInt(b.First, 10)}}
	if b.Source != "" {
		q.Set("source", b.Source)
	}
	if b.Name != "" {
		q.Set("name", b.Name)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/ingest/"+url.PathEscape(format)+"?"+q.Encode(), b.Body)
	if err != nil {
		return Accepted{}, fmt.Errorf("send events: %w", err)
	}
	r.Header.Set("Content-Type", "application/vnd.triward.counted")
	r.Header.Set("Idempotency-Key", b.Key)
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return Accepted{}, ctx.Err()
		}
		return Accepted{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer resp.Body.Close()
	var answer struct {
		Accepted int    `json:"accepted"`
		Error    string `json:"error"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&answer); err != nil {
		answer.Error = "the answer is not one of the door for events"
	}
	out := Accepted{Records: answer.Accepted}
	if resp.StatusCode == http.StatusOK && answer.Error == "" {
		return out, nil
	}
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 {
		out.Retry = time.Duration(n) * time.Second
	}
	return out, &apiv1.Problem{Status: resp.StatusCode, Title: "send events", Detail: answer.Error}
}
