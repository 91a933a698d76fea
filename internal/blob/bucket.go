package blob

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"triward/internal/problem"
)

// bucket keeps blobs as objects prefix/ab/cd/abcd… of an S3 service. An object appears only when its upload is complete.
type bucket struct {
	client *minio.Client
	name   string
	prefix string
}

func openBucket(ctx context.Context, address string) (*bucket, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, problem.New(problem.Invalid, "the address of the bucket cannot be read")
	}
	if u.User != nil {
		return nil, problem.New(problem.Invalid, "secrets do not belong in the address of a bucket: name a file with credentials=FILE")
	}
	name, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if name == "" {
		return nil, problem.New(problem.Invalid, "the address of the bucket names no bucket")
	}
	q := u.Query()
	for k := range q {
		if k != "region" && k != "tls" && k != "credentials" {
			return nil, problem.New(problem.Invalid, "the address of the bucket has the unknown part %q", k)
		}
	}
	from := []credentials.Provider{&credentials.EnvAWS{}, &credentials.IAM{}}
	if file := q.Get("credentials"); file != "" {
		from = []credentials.Provider{&credentials.FileAWSCredentials{Filename: file}}
	}
	client, err := minio.New(u.Host, &minio.Options{Creds: credentials.NewChainCredentials(from), Secure: q.Get("tls") != "off",
		Region: q.Get("region")})
	if err != nil {
		return nil, problem.New(problem.Invalid, "the address of the bucket cannot be used: %v", err)
	}
	b := &bucket{client: client, name: name, prefix: prefix}
	if prefix != "" {
		b.prefix += "/"
	}
	switch there, err := client.BucketExists(ctx, name); {
	case err != nil:
		return nil, unreachable(err)
	case !there:
		return nil, problem.New(problem.NotFound, "the service has no bucket %q", name)
	}
	return b, nil
}

func unreachable(err error) error {
	switch minio.ToErrorResponse(err).StatusCode {
	case http.StatusNotFound:
		return problem.New(problem.NotFound, "there is no such file")
	case http.StatusForbidden, http.StatusUnauthorized:
		return problem.New(problem.Unavailable, "the file service refuses the credentials")
	}
	return problem.New(problem.Unavailable, "the file service does not answer: %v", err)
}

func (b *bucket) key(d Digest) string {
	return b.prefix + string(d[:2]) + "/" + string(d[2:4]) + "/" + string(d)
}

// temporary is a file of this machine: the name of the object is known only when all has been read.
func (b *bucket) temporary() (*os.File, error) { return os.CreateTemp("", "triward-blob-*") }

func (b *bucket) keep(ctx context.Context, d Digest, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, err = b.client.PutObject(ctx, b.name, b.key(d), f, info.Size(), minio.PutObjectOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return unreachable(err)
	}
	return nil
}

func (b *bucket) open(ctx context.Context, d Digest) (io.ReadCloser, int64, error) {
	o, err := b.client.GetObject(ctx, b.name, b.key(d), minio.GetObjectOptions{})
	if err != nil {
		return nil, 0, unreachable(err)
	}
	info, err := o.Stat() // the request goes out here
	if err != nil {
		o.Close()
		return nil, 0, unreachable(err)
	}
	return o, info.Size, nil
}

func (b *bucket) remove(ctx context.Context, d Digest) error {
	if err := b.client.RemoveObject(ctx, b.name, b.key(d), minio.RemoveObjectOptions{}); err != nil {
		if err = unreachable(err); problem.KindOf(err) != problem.NotFound {
			return err
		}
	}
	return nil
}

func (b *bucket) walk(ctx context.Context) iter.Seq2[Digest, error] {
	return func(yield func(Digest, error) bool) {
		for o := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix, Recursive: true}) {
			if o.Err != nil {
				yield("", unreachable(o.Err))
				return
			}
			d := Digest(o.Key[strings.LastIndexByte(o.Key, '/')+1:])
			if digestForm.MatchString(string(d)) && o.Key == b.key(d) && !yield(d, nil) {
				return
			}
		}
	}
}
