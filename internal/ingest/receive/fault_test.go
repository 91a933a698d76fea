package receive_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"triward/internal/ingest/receive"
	"triward/internal/stream"
	"triward/internal/stream/streamtest"
)

// drain takes everything out of the stream while a test runs, and counts it.
func (d *desk) drain() *atomic.Int64 {
	var n atomic.Int64
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		d.stream.Consume(ctx, 4096, func(_ context.Context, given []stream.Delivery) error {
			for _, g := range given {
				n.Add(int64(len(g.Messages)))
				g.Ack()
			}
			return nil
		})
	})
	d.t.Cleanup(func() { stop(); wg.Wait() })
	return &n
}

// heap is the memory in use, after what is free was collected.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Fault: a hundred thousand senders. All are taken, and what is remembered of them is bounded.
func TestHundredThousandSources(t *testing.T) {
	u, err := receive.ListenUDP(context.Background(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, func(ctx context.Context, d *desk) error { return (&receive.Datagrams{Intake: d.in}).Serve(ctx, u) })
	came := d.drain()
	before := heap()
	const n = 100_000
	to := u.LocalAddr().(*net.UDPAddr)
	for i := range n {
		c, err := net.DialUDP("udp", &net.UDPAddr{IP: net.IPv4(127, byte(1+i>>16), byte(i>>8), byte(i))}, to)
		if err != nil {
			t.Skipf("this machine does not send from any address of its loopback: %v", err)
		}
		if _, err := c.Write([]byte("<34>1 - - - - - - one of many")); err != nil {
			t.Fatal(err)
		}
		c.Close()
		if i%2000 == 0 { // a sender that waits is no loss
			waitFor(t, "datagrams are taken", func() bool { return came.Load()+4000 > int64(i) })
		}
	}
	waitFor(t, "all datagrams", func() bool { return came.Load()+d.in.Status().Lost >= n })
	s := d.in.Status()
	if s.Lost > 0 {
		t.Errorf("%d datagrams are lost", s.Lost)
	}
	if s.Senders < n || s.Senders > 200_000 {
		t.Errorf("%d senders are remembered", s.Senders)
	}
	d.mu.Lock()
	d.asked = nil // of the test, not of the door
	d.mu.Unlock()
	if now := heap(); now > before+100<<20 {
		t.Errorf("%d MB more memory for %d senders", (now-before)>>20, n)
	}
}

// Fault: many connections at once, each in the middle of a record that does not end. They cannot take all the memory, and
// others are still heard.
func TestConnectionsThatNeverEndARecord(t *testing.T) {
	l := listen(t)
	d := open(t, tcp(l, nil))
	before := heap()
	part := make([]byte, 80<<10)
	for i := range part {
		part[i] = 'x'
	}
	var all []net.Conn
	for range 400 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
		_, _ = c.Write(part) // the kernel takes it, or it waits
		all = append(all, c)
	}
	good, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	came := d.drain()
	fmt.Fprint(good, "<34>still heard\n")
	waitFor(t, "the good sender is heard", func() bool { return came.Load() >= 1 })
	if now := heap(); now > before+150<<20 {
		t.Errorf("%d MB for %d connections", (now-before)>>20, len(all))
	}
	for _, c := range all {
		c.Close()
	}
	good.Close()
}

// Fault: garbage without end. TRIWARD_TEST_GARBAGE is how many MB; 10240 is the ten gigabytes of the requirement.
func TestGarbage(t *testing.T) {
	amount := 200
	if s := os.Getenv("TRIWARD_TEST_GARBAGE"); s != "" {
		var err error
		if amount, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	l := listen(t)
	d := open(t, tcp(l, nil))
	came := d.drain()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 1<<20)
	rand.Read(block)
	most := uint64(0)
	for i := range amount {
		if _, err := c.Write(block); err != nil {
			t.Fatal(err)
		}
		if i%50 == 0 {
			most = max(most, heap())
		}
	}
	fmt.Fprint(c, "\n<34>after the garbage\n")
	c.Close()
	if most > 300<<20 {
		t.Errorf("%d MB of memory", most>>20)
	}
	if s := d.in.Status(); s.Waiting > s.Limit {
		t.Errorf("%d bytes wait, at most %d", s.Waiting, s.Limit)
	}
	// Somebody else is still served.
	c, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, "<34>another\n")
	c.Close()
	d.stop()
	for deadline := time.Now().Add(streamtest.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if s, err := d.stream.Stats(context.Background()); err == nil && s.Packs == 0 {
			break
		}
	}
	if came.Load() < int64(amount) {
		t.Errorf("only %d records of %d MB came", came.Load(), amount)
	}
	t.Logf("%d MB of garbage became %d records, at most %d MB of memory", amount, came.Load(), most>>20)
}
