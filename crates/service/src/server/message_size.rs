//! A bound on each request message, answered with a reason of ours.
//!
//! The RPC library has a bound too, above ours: it would say OUT_OF_RANGE, which here means a cursor that is too old.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;

use super::refusal;
use super::step::{Next, Step};

/// Before each message: one byte of flags, four of length.
const PREFIX_BYTES: usize = 5;

#[derive(Clone)]
pub(crate) struct MessageSize {
    pub(crate) max_bytes: usize,
}

impl Step for MessageSize {
    async fn handle(&self, request: Request<Body>, next: Next) -> Response<Body> {
        let max_bytes = self.max_bytes;
        next.run(request.map(|inner| Body::new(Measured { inner, scan: Scan::default(), max_bytes }))).await
    }
}

/// The body of a request, whose messages are measured by what their prefixes announce, before they arrive.
struct Measured {
    inner: Body,
    scan: Scan,
    max_bytes: usize,
}

impl http_body::Body for Measured {
    type Data = <Body as http_body::Body>::Data;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.inner).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
            && this.scan.longest(data) > this.max_bytes
        {
            return Poll::Ready(Some(Err(refusal::request_too_large(this.max_bytes))));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Where in the stream of messages we are.
#[derive(Default)]
struct Scan {
    prefix: [u8; PREFIX_BYTES],
    /// How much of the prefix is there.
    filled: usize,
    /// How much of the message is to come.
    rest: usize,
}

impl Scan {
    /// Goes over the next piece of the stream. Returns the greatest length announced in it.
    fn longest(&mut self, mut data: &[u8]) -> usize {
        let mut longest = 0;
        while !data.is_empty() {
            if self.rest > 0 {
                let skipped = self.rest.min(data.len());
                self.rest -= skipped;
                data = data.get(skipped..).unwrap_or_default();
                continue;
            }
            let Some((&byte, others)) = data.split_first() else { break };
            data = others;
            if let Some(place) = self.prefix.get_mut(self.filled) {
                *place = byte;
            }
            self.filled += 1;
            if self.filled == PREFIX_BYTES {
                let [_flags, length @ ..] = self.prefix;
                self.filled = 0;
                self.rest = u32::from_be_bytes(length) as usize;
                longest = longest.max(self.rest);
            }
        }
        longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(length: usize) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.extend_from_slice(&(length as u32).to_be_bytes());
        // Bytes that would look like a great length if they were taken for a prefix.
        bytes.extend(std::iter::repeat_n(0xff, length));
        bytes
    }

    #[test]
    fn lengths_are_found_however_the_stream_is_cut() {
        let stream = [message(3), message(0), message(700), message(12)].concat();
        for piece in 1..stream.len() {
            let mut scan = Scan::default();
            let longest = stream.chunks(piece).map(|data| scan.longest(data)).max();
            assert_eq!(longest, Some(700), "in pieces of {piece}");
            assert_eq!((scan.filled, scan.rest), (0, 0));
        }
    }
}
