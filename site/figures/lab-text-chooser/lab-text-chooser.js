/**
 * <lab-text-chooser></lab-text-chooser>
 */
import { LabFigure } from "../../app/lab-figure.js";

class LabTextChooser extends LabFigure {}

customElements.define("lab-text-chooser", LabTextChooser);
