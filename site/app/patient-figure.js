/**
 * The base class of figures that follow the slider: while steps go by, only those on the screen are drawn; the
 * rest follows when the steps have stopped.
 */
import { Figure } from "./figure.js";
import { OnScreen } from "./near.js";

export class PatientFigure extends Figure {
  constructor() {
    super();
    this.screen = new OnScreen(this);
  }

  async scheduleUpdate() {
    if (this.hasUpdated) await this.screen.turn();
    if (this.isConnected) super.scheduleUpdate();
  }
}
