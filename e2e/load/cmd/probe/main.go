// Command probe asks single questions from where it runs: it reads one JSON question per line and writes one JSON answer per line, in the order in
// which the answers come. Questions run side by side. It ends with its input.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"sync"
)

func main() {
	questions := bufio.NewScanner(os.Stdin)
	questions.Buffer(nil, 1<<20)
	answers := &output{encoder: json.NewEncoder(os.Stdout)}
	var running sync.WaitGroup
	for questions.Scan() {
		var question Question
		if err := json.Unmarshal(questions.Bytes(), &question); err != nil {
			answers.write(Answer{ID: question.ID, Failure: "bad-question", Detail: err.Error()})
			continue
		}
		running.Add(1)
		go func() {
			defer running.Done()
			answers.write(ask(question))
		}()
	}
	running.Wait()
}

type output struct {
	mutex   sync.Mutex
	encoder *json.Encoder
}

func (o *output) write(answer Answer) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.encoder.Encode(answer)
}
