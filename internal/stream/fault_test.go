package stream_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"triward/internal/problem"
	"triward/internal/stream"
	"triward/internal/stream/streamtest"
)

const crashStream = "TRIWARD_CRASH_STREAM"

func TestMain(m *testing.M) {
	if at := os.Getenv(crashStream); at != "" {
		if err := publishForever(at); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// publishForever is the program that is killed. It prints the first number of each batch of ten that was acknowledged.
func publishForever(at string) error {
	at, start, _ := strings.Cut(at, "|")
	first, err := strconv.Atoi(start)
	if err != nil {
		return err
	}
	s, err := stream.Open(context.Background(), at, streamtest.Quiet())
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := worker; ; i += 8 {
				n := first + i*10
				if err := s.Publish(context.Background(), streamtest.Messages(n, 10)); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				fmt.Printf("%d\n", n)
			}
		})
	}
	wg.Wait()
	return nil
}

// Fault: kill -9 of the process with the stream, at random under load. What was acknowledged is there.
func TestKilledAtAnyMoment(t *testing.T) {
	at := "dir:" + filepath.Join(t.TempDir(), "stream")
	r := rand.New(rand.NewPCG(1, 2))
	acknowledged := map[int]bool{}
	for round := range 12 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s|%d", crashStream, at, (round+1)*10_000_000))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var kill *time.Timer
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if kill == nil {
				kill = time.AfterFunc(time.Duration(r.IntN(150))*time.Millisecond, func() { cmd.Process.Kill() })
			}
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				continue // cut by the kill
			}
			for i := range 10 {
				acknowledged[n+i] = true
			}
		}
		cmd.Wait() // it was killed
		if kill == nil {
			t.Fatal("the program ended before it acknowledged anything")
		}
	}
	s, err := stream.Open(context.Background(), at, streamtest.Quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	seen := map[int]int{}
	for _, m := range streamtest.Collect(t, s, len(acknowledged)) {
		seen[streamtest.Number(m.ID)]++
	}
	lost := 0
	for n := range acknowledged {
		if seen[n] == 0 {
			lost++
		}
	}
	for n, times := range seen {
		if times > 1 {
			t.Errorf("message %d came %d times", n, times)
			break
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d acknowledged messages are lost", lost, len(acknowledged))
	}
	t.Logf("%d messages were acknowledged in 12 lives", len(acknowledged))
}

// Fault: the disk is full. The publisher gets an error, what was acknowledged stays, and the stream goes on by itself when
// there is room again.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=6m"); err != nil {
		t.Skipf("a disk of its own cannot be made: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	for name, reserve := range map[string]string{"reserve": "2MB", "no reserve": "0"} {
		t.Run(name, func(t *testing.T) { fillDisk(t, filepath.Join(dir, name), reserve) })
	}
}

func fillDisk(t *testing.T, dir, reserve string) {
	s, err := stream.Open(context.Background(), "dir:"+dir+"?reserve="+reserve, streamtest.Quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	defer os.RemoveAll(dir)
	r := rand.NewChaCha8([32]byte{})
	publish := func(n int) error {
		m := streamtest.Messages(n, 1)
		m[0].Payload = make([]byte, 200_000)
		r.Read(m[0].Payload)
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		return s.Publish(ctx, m)
	}
	kept := 0
	for ; kept < 100; kept++ {
		if err = publish(kept); err != nil {
			break
		}
	}
	if problem.KindOf(err) != problem.Unavailable || kept < 5 {
		t.Fatalf("after %d messages: %v, want unavailable", kept, err)
	}
	// Somebody makes the disk larger.
	if err := syscall.Mount("tmpfs", filepath.Dir(dir), "tmpfs", syscall.MS_REMOUNT, "size=30m"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), streamtest.Patience)
	defer cancel()
	if err := s.Publish(ctx, streamtest.Messages(1000, 1)); err != nil {
		t.Fatalf("publish after there is room: %v", err)
	}
	seen := map[int]bool{}
	for _, m := range streamtest.Collect(t, s, kept+1) {
		seen[streamtest.Number(m.ID)] = true
	}
	for n := range kept {
		if !seen[n] {
			t.Errorf("message %d was acknowledged and is lost", n)
		}
	}
	if err := syscall.Mount("tmpfs", filepath.Dir(dir), "tmpfs", syscall.MS_REMOUNT, "size=6m"); err != nil {
		t.Log(err)
	}
}

func BenchmarkPublish(b *testing.B) {
	s, err := stream.Open(context.Background(), "dir:"+b.TempDir(), streamtest.Quiet())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	const batch = 500
	b.SetParallelism(4)
	var first sync.Mutex
	next := 0
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			first.Lock()
			n := next
			next += batch
			first.Unlock()
			if err := s.Publish(context.Background(), streamtest.Messages(n, batch)); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "messages/s")
}
