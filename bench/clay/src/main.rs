//! The Clay code of one shape and size, timed a call at a time as standard input asks.
//!
//! `clay-bench K M BYTES`, all n - 1 nodes helping a repair. Each line asked is answered by one:
//! `encode` and `repair NODE` by the thread's processor seconds of one call, after an untimed one;
//! `read NODE` by the shards' worth that a repair reads; `update` by the parity sub-chunks that a
//! changed data sub-chunk changes, mean, least and most; `alpha` by the sub-chunks of a chunk.
//! What is repaired is compared with what was lost.

use clay_codes::ClayCode;
use std::env;
use std::io::{self, BufRead, Write};

fn thread_seconds() -> f64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the call writes to `now` alone.
    let told = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
    assert_eq!(told, 0);
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}

/// Call twice; return the second call's seconds.
fn time(mut work: impl FnMut()) -> f64 {
    work();
    let began = thread_seconds();
    work();
    thread_seconds() - began
}

fn draw(size: usize) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252u64;
    (0..size)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect()
}

struct Bench {
    clay: ClayCode,
    data: Vec<u8>,
    chunks: Vec<Vec<u8>>,
}

impl Bench {
    fn new(k: usize, m: usize, size: usize) -> Self {
        let clay = ClayCode::new(k, m, k + m - 1).expect("a shape of the code");
        let data = draw(size);
        let chunks = clay.encode(&data);
        Bench { clay, data, chunks }
    }

    fn encode(&mut self) -> f64 {
        let (clay, data) = (&self.clay, &self.data);
        let mut rows: Vec<&mut [u8]> = self.chunks.iter_mut().map(Vec::as_mut_slice).collect();
        time(|| clay.encode_into(data, &mut rows).expect("encoded"))
    }

    /// Return what each helper of a repair sends, by node.
    fn sent(&self, lost: usize) -> Vec<Option<Vec<u8>>> {
        let helpers: Vec<usize> = (0..self.clay.n).filter(|&node| node != lost).collect();
        let plan = self.clay.minimum_to_repair(lost, &helpers).expect("a plan");
        let size = self.chunks[0].len() / self.clay.sub_chunk_no;
        let mut sent = vec![None; self.clay.n];
        for (node, wanted) in plan {
            let chunk = &self.chunks[node];
            let part = wanted
                .iter()
                .flat_map(|&x| &chunk[x * size..(x + 1) * size]);
            sent[node] = Some(part.copied().collect());
        }
        sent
    }

    fn repair(&self, lost: usize) -> f64 {
        let sent = self.sent(lost);
        let rows: Vec<Option<&[u8]>> = sent.iter().map(|part| part.as_deref()).collect();
        let size = self.chunks[0].len();
        let mut found = Vec::new();
        let spent = time(|| found = self.clay.repair_rows(lost, &rows, size).expect("repaired"));
        assert!(found == self.chunks[lost], "another chunk came out");
        spent
    }

    fn read(&self, lost: usize) -> f64 {
        let sent: usize = self.sent(lost).iter().flatten().map(Vec::len).sum();
        sent as f64 / self.chunks[0].len() as f64
    }

    /// Change each data sub-chunk in turn; return mean, least and most parity sub-chunks changed.
    fn update(&self) -> (f64, usize, usize) {
        let (k, alpha) = (self.clay.k, self.clay.sub_chunk_no);
        let size = self.chunks[0].len() / alpha;
        let mut counts = Vec::new();
        for place in 0..k * alpha {
            let mut data = self.data.clone();
            let end = data.len().min((place + 1) * size);
            if place * size >= end {
                continue;
            }
            data[place * size..end]
                .iter_mut()
                .for_each(|byte| *byte ^= 0x5a);
            let changed = self.clay.encode(&data);
            let pairs = changed[k..].iter().zip(&self.chunks[k..]);
            counts.push(
                pairs
                    .flat_map(|(now, then)| now.chunks(size).zip(then.chunks(size)))
                    .filter(|(now, then)| now != then)
                    .count(),
            );
        }
        let mean = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
        (
            mean,
            *counts.iter().min().unwrap(),
            *counts.iter().max().unwrap(),
        )
    }
}

fn main() {
    let asked: Vec<usize> = env::args()
        .skip(1)
        .map(|each| each.parse().expect("a number"))
        .collect();
    let mut bench = Bench::new(asked[0], asked[1], asked[2]);
    let mut out = io::stdout();
    for line in io::stdin().lock().lines() {
        let line = line.expect("text");
        let words: Vec<&str> = line.split_whitespace().collect();
        let node = || words[1].parse().expect("a node");
        let told = match words[0] {
            "encode" => format!("{:e}", bench.encode()),
            "repair" => format!("{:e}", bench.repair(node())),
            "read" => bench.read(node()).to_string(),
            "alpha" => bench.clay.sub_chunk_no.to_string(),
            "update" => {
                let (mean, least, most) = bench.update();
                format!("{mean} {least} {most}")
            }
            other => panic!("nobody answers {other}"),
        };
        writeln!(out, "{told}")
            .and_then(|()| out.flush())
            .expect("heard");
    }
}
