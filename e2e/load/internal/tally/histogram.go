package tally

import (
	"math"
	"time"
)

// histogram has buckets that grow by 5 %, from 50 µs on. The maximum is exact.
type histogram struct {
	buckets [300]int
	total   int
	longest time.Duration
}

const (
	smallest = 50 * time.Microsecond
	growth   = 1.05
)

func (h *histogram) add(latency time.Duration) {
	h.total++
	h.longest = max(h.longest, latency)
	h.buckets[bucket(latency)]++
}

func bucket(latency time.Duration) int {
	if latency <= smallest {
		return 0
	}
	number := int(math.Ceil(math.Log(float64(latency)/float64(smallest)) / math.Log(growth)))
	return min(number, len(histogram{}.buckets)-1)
}

// quantile returns the upper edge of the bucket in which the q-th latency lies, never more than the longest one.
func (h *histogram) quantile(q float64) time.Duration {
	rank := int(math.Ceil(q * float64(h.total)))
	seen := 0
	for number, count := range h.buckets {
		seen += count
		if seen >= rank && seen > 0 {
			edge := time.Duration(float64(smallest) * math.Pow(growth, float64(number)))
			return min(edge, h.longest)
		}
	}
	return h.longest
}
