// The engine of VRL without Vector round it: lines of JSON in, the program's event out as a line of JSON.
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, BufWriter, Write};

use vrl::compiler::runtime::Runtime;
use vrl::compiler::{compile, TargetValue, TimeZone};
use vrl::value::{Secrets, Value};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).expect("usage: vrl-loop PROGRAM < events.jsonl");
    let source = std::fs::read_to_string(path)?;
    let program = compile(&source, &vrl::stdlib::all())
        .unwrap_or_else(|problems| panic!("{problems:?}"))
        .program;
    let timezone = TimeZone::default();
    let mut runtime = Runtime::default();
    let mut input = BufReader::with_capacity(1 << 16, io::stdin().lock());
    let mut output = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let value: Value = serde_json::from_slice(&line)?;
        let mut target = TargetValue {
            value,
            metadata: Value::Object(BTreeMap::new()),
            secrets: Secrets::default(),
        };
        runtime
            .resolve(&mut target, &program, &timezone)
            .unwrap_or_else(|fault| panic!("{fault:?}"));
        runtime.clear();
        serde_json::to_writer(&mut output, &target.value)?;
        output.write_all(b"\n")?;
        line.clear();
    }
    output.flush()?;
    Ok(())
}
