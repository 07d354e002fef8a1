use std::net::SocketAddr;

/// One end of a connection, or where a listener is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    Ip(SocketAddr),
    /// A Unix domain socket's; empty where it has no name, as those of most clients.
    Path(Box<str>),
}

impl Address {
    /// The IP address or the path.
    pub fn text(&self) -> String {
        match self {
            Self::Ip(address) => address.ip().to_string(),
            Self::Path(path) => path.to_string(),
        }
    }

    /// 0 where there are no ports.
    pub fn port(&self) -> u16 {
        match self {
            Self::Ip(address) => address.port(),
            Self::Path(_) => 0,
        }
    }

    /// `IPv4`, `IPv6` or `Unix`.
    pub fn family(&self) -> &'static str {
        match self {
            Self::Ip(SocketAddr::V4(_)) => "IPv4",
            Self::Ip(SocketAddr::V6(_)) => "IPv6",
            Self::Path(_) => "Unix",
        }
    }
}
